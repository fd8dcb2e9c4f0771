import type { UnixMs } from '@tarsier/protocol';
import type { TarsierSql } from './database.ts';

const dayMs = 86_400_000;
/** Guards the making and dropping of partitions between collectors. */
const partitionLock = 7_077_000_002;

/** A batch table's partition for each day (UTC) from yesterday to the day after tomorrow. */
export async function ensurePartitions(sql: TarsierSql, now: UnixMs): Promise<void> {
  const today = Math.floor(now / dayMs);
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${partitionLock}::bigint)`;
    for (let day = today - 1; day <= today + 2; day++) {
      const from = day * dayMs;
      const [stray] = await tx`select 1 from batch_default where t0 >= ${from} and t0 < ${from + dayMs} limit 1`;
      // Rows that came while there was no partition stay where they are: reads find them all the same.
      if (stray !== undefined) continue;
      await tx.unsafe(
        `create table if not exists ${nameOf(day)} partition of batch for values from (${from}) to (${from + dayMs})`,
      );
    }
  });
}

/**
 * Drops the days that lie wholly before `before`, and deletes older rows that are in no day's partition.
 *
 * @returns how many partitions went
 */
export async function dropExpired(sql: TarsierSql, before: UnixMs): Promise<number> {
  return sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${partitionLock}::bigint)`;
    const tables = await tx<{ name: string }[]>`
      select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'batch'::regclass and c.relname ~ '^batch_[0-9]{8}$'`;
    const newestKept = nameOf(Math.floor(before / dayMs));
    const expired = tables.map(({ name }) => name).filter((name) => name < newestKept);
    for (const name of expired) await tx.unsafe(`drop table ${name}`);
    await tx`delete from batch_default where t1 < ${before}`;
    return expired.length;
  });
}

function nameOf(day: number): string {
  return `batch_${new Date(day * dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
}
