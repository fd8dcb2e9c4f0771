import type { UnixMs } from '@tarsier/protocol';
import type { TarsierSql } from './database.ts';
import { dayMs, dayText } from './hours.ts';

/** What an operator should know of the database. */
export interface Health {
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  /** How far its clock is ahead of this machine's, ms. */
  readonly skewMs: number;
  /** How long ago the oldest batch that is not put away began, ms; 0 without one. */
  readonly oldestBatchMs: number;
  /** Of `batch`, today and tomorrow. */
  readonly missingPartitions: readonly string[];
}

export async function healthOf(sql: TarsierSql, now: UnixMs): Promise<Health> {
  const wanted = [now, now + dayMs].map((day) => `batch_${dayText(day).replaceAll('-', '')}`);
  const asked = Date.now();
  const [row] = await sql<
    { fsync: string; full_page_writes: string; now: number; oldest: number | null; missing: string[] }[]
  >`
    select current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as now,
      (select min(first.t0) from host h cross join lateral (
        select t0 from batch b where b.tenant_id = h.tenant_id and b.host_id = h.host_id order by t0 limit 1
      ) as first) as oldest,
      array(select name from unnest(${wanted}::text[]) as name where to_regclass(name) is null) as missing`;
  const answered = Date.now();
  return {
    fsync: row?.fsync === 'on',
    fullPageWrites: row?.full_page_writes === 'on',
    skewMs: (row?.now ?? answered) - (asked + answered) / 2,
    oldestBatchMs: row === undefined || row.oldest === null ? 0 : now - row.oldest,
    missingPartitions: row?.missing ?? [],
  };
}
