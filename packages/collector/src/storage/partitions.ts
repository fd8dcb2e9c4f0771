import type { UnixMs } from '@tarsier/protocol';
import type { TarsierSql } from './database.ts';
import { dayMs } from './hours.ts';

/** Guards the making and dropping of partitions between collectors. */
const partitionLock = 7_077_000_002;

/** Tables that are partitioned by time, by which column, and how many days a partition holds. */
const partitioned = [
  { table: 'batch', column: 't0', days: 1 },
  { table: 'segment', column: 'hour', days: 1 },
  { table: 'block', column: 'hour', days: 1 },
  { table: 'rollup_minute', column: 'until', days: 7 },
  { table: 'rollup_hour', column: 'until', days: 28 },
] as const;

type PartitionedTable = (typeof partitioned)[number]['table'];

/** What is dropped when, Unix ms: rows that lie wholly before. */
export interface Expiry {
  /** Batches, segments and blocks. */
  readonly samples: UnixMs;
  readonly minutes: UnixMs;
  readonly hours: UnixMs;
}

/** Partitions of each table from yesterday to the day after tomorrow (UTC). */
export async function ensurePartitions(sql: TarsierSql, now: UnixMs): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${partitionLock}::bigint)`;
    for (const { table, column, days } of partitioned) {
      const first = Math.floor(now / dayMs) - 1;
      for (let day = first - (first % days); day <= first + 3; day += days) {
        const [from, to] = [day * dayMs, (day + days) * dayMs];
        const [stray] = await tx`
          select 1 from ${tx(`${table}_default`)} where ${tx(column)} >= ${from} and ${tx(column)} < ${to} limit 1`;
        // Rows that came while there was no partition stay where they are: reads find them all the same.
        if (stray !== undefined) continue;
        await tx.unsafe(
          `create table if not exists ${nameOf(table, day)} partition of ${table} for values from (${from}) to (${to})`,
        );
      }
    }
  });
}

/**
 * Drops the partitions that lie wholly before what expires, and deletes older rows that are in none.
 *
 * @returns how many partitions went
 */
export async function dropExpired(sql: TarsierSql, expiry: Expiry): Promise<number> {
  return sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${partitionLock}::bigint)`;
    let dropped = 0;
    for (const { table, column, days } of partitioned) {
      const before = expiryOf(table, expiry);
      const parts = await tx<{ name: string; day: string }[]>`
        select c.relname as name, substring(c.relname from '[0-9]{8}$') as day
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = ${table}::regclass and c.relname ~ '_[0-9]{8}$'`;
      for (const { name, day } of parts) {
        const start = Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6)));
        if (start + days * dayMs > before) continue;
        await tx.unsafe(`drop table ${name}`);
        dropped++;
      }
      // A batch may go on after its first tick.
      const end = table === 'batch' ? 't1' : column;
      await tx`delete from ${tx(`${table}_default`)} where ${tx(end)} < ${before}`;
    }
    return dropped;
  });
}

function expiryOf(table: PartitionedTable, { samples, minutes, hours }: Expiry): UnixMs {
  return table === 'rollup_minute' ? minutes : table === 'rollup_hour' ? hours : samples;
}

function nameOf(table: PartitionedTable, day: number): string {
  return `${table}_${new Date(day * dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
}
