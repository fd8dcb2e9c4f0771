import type { UnixMs } from '@tarsier/protocol';
import type { TarsierSql, TarsierTransaction } from './database.ts';
import { dayMs, dayText } from './hours.ts';

/** Guards the making and dropping of partitions between collectors. */
const partitionLock = 7_077_000_002;

/** Tables that are partitioned by time: by which column, how many days a partition holds, and how long it is kept. */
const partitioned = [
  { table: 'batch', column: 't0', days: 1, kept: 'samples' },
  { table: 'segment', column: 'hour', days: 1, kept: 'samples' },
  { table: 'block', column: 'hour', days: 1, kept: 'samples' },
  { table: 'rollup_minute', column: 'until', days: 7, kept: 'minutes' },
  { table: 'rollup_hour', column: 'until', days: 28, kept: 'hours' },
] as const;

type PartitionedTable = (typeof partitioned)[number]['table'];

/** How long things are kept, days; a tenant's own settings come first. */
export interface Retention {
  /** Batches, segments and blocks. */
  readonly samples: number;
  readonly minutes: number;
  readonly hours: number;
}

interface TenantRetention extends Retention {
  readonly tenant_id: number;
}

/**
 * Partitions of each table from yesterday to the day after tomorrow (UTC).
 *
 * @throws when a table is read for longer than everybody else may be kept waiting: to be tried again later
 */
export async function ensurePartitions(sql: TarsierSql, now: UnixMs): Promise<void> {
  await sql.begin(async (tx) => {
    await lockPartitions(tx);
    for (const { table, column, days } of partitioned) {
      const first = Math.floor(now / dayMs) - 1;
      for (let day = first - (first % days); day <= first + 3; day += days) {
        const [from, to] = [day * dayMs, (day + days) * dayMs];
        const [stray] = await tx`
          select 1 from ${tx(`${table}_default`)} where ${tx(column)} >= ${from} and ${tx(column)} < ${to} limit 1`;
        // Rows that came while there was no partition stay where they are: reads find them all the same.
        if (stray !== undefined) continue;
        await tx.unsafe(
          `create table if not exists ${nameOf(table, day)} partition of ${table} for values from (${from}) to (${to})${optionsOf(table)}`,
        );
      }
    }
  });
}

/**
 * Drops the partitions that lie wholly before what any tenant keeps, and deletes what is older for a tenant: rows of
 * one that keeps less than others, and those in no partition.
 *
 * @returns how many partitions went
 * @throws when a table is read for longer than everybody else may be kept waiting: to be tried again later
 */
export async function dropExpired(sql: TarsierSql, now: UnixMs, retention: Retention): Promise<number> {
  const tenants = await sql<TenantRetention[]>`
    select tenant_id, coalesce(samples_days::float8, ${retention.samples}) as samples,
      coalesce(minutes_days::float8, ${retention.minutes}) as minutes,
      coalesce(hours_days::float8, ${retention.hours}) as hours
    from tenant`;
  let dropped = 0;
  for (const { table, column, days, kept } of partitioned) {
    const longest = Math.max(retention[kept], ...tenants.map((tenant) => tenant[kept]));
    const before = now - longest * dayMs;
    const parts = await sql<{ name: string; day: string }[]>`
      select c.relname as name, substring(c.relname from '[0-9]{8}$') as day
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = ${table}::regclass and c.relname ~ '_[0-9]{8}$'`;
    for (const { name, day } of parts) {
      const start = Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6)));
      if (start + days * dayMs > before) continue;
      // Each in a transaction of its own: whoever locks one table and waits for another holds up both.
      await sql.begin(async (tx) => {
        await lockPartitions(tx);
        await tx.unsafe(`drop table if exists ${name}`);
      });
      dropped++;
    }
    // A batch may go on after its first tick.
    const end = table === 'batch' ? 't1' : column;
    await sql`delete from ${sql(`${table}_default`)} where ${sql(end)} < ${before}`;
    for (const tenant of tenants) {
      if (tenant[kept] >= longest) continue;
      const own = now - tenant[kept] * dayMs;
      await sql`
        delete from ${sql(table)}
        where tenant_id = ${tenant.tenant_id} and ${sql(column)} < ${own} and ${sql(end)} < ${own}`;
    }
  }
  return dropped;
}

/** A lock on a whole table waits for its readers, and whatever comes after waits for it: ingest, too. */
const patienceMs = 2_000;

async function lockPartitions(tx: TarsierTransaction): Promise<void> {
  await tx`select set_config('lock_timeout', ${String(patienceMs)}, true)`;
  await tx`select pg_advisory_xact_lock(${partitionLock}::bigint)`;
}

/** A batch is read and deleted whole: kept in one place, not in pieces of 2 KB beside the table, up to a page's size. */
function optionsOf(table: PartitionedTable): string {
  return table === 'batch' ? ' with (toast_tuple_target = 8160)' : '';
}

function nameOf(table: PartitionedTable, day: number): string {
  return `${table}_${dayText(day * dayMs).replaceAll('-', '')}`;
}
