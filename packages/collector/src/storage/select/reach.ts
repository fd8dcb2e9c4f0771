import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../../tenant.ts';
import type { TarsierSql } from '../database.ts';
import { dayMs, hourMs, hourOf } from '../hours.ts';
import type { Scoped } from '../scoped-pool.ts';

/** How far back what a tenant has goes: the start of the oldest hour or day of each kind; Infinity for none. */
export interface Reach {
  readonly samples: UnixMs;
  readonly minutes: UnixMs;
  readonly hours: UnixMs;
}

/** One look at the oldest row of each host, by the index: however long it is kept. */
export async function readReach({ run }: Scoped, scope: TenantScope): Promise<Reach> {
  const oldest = (sql: TarsierSql, table: string, column: string) => sql`
    (select min(oldest.at) from host h cross join lateral (
      select ${sql(column)} as at from ${sql(table)} o
      where o.tenant_id = h.tenant_id and o.host_id = h.host_id order by ${sql(column)} limit 1
    ) as oldest where h.tenant_id = ${scope.tenantId})`;
  const [row] = await run(
    scope,
    (sql) => sql<Record<'batch' | 'segment' | 'block' | 'minute' | 'hour', UnixMs | null>[]>`
    select ${oldest(sql, 'batch', 't0')} as batch, ${oldest(sql, 'segment', 'hour')} as segment,
      ${oldest(sql, 'block', 'hour')} as block, ${oldest(sql, 'rollup_minute', 'until')} as minute,
      ${oldest(sql, 'rollup_hour', 'until')} as hour`,
  );
  const endOf = (end: UnixMs | null | undefined): UnixMs => end ?? Infinity;
  return {
    samples: Math.min(hourOf(endOf(row?.batch)), endOf(row?.segment), endOf(row?.block)) - hourMs,
    minutes: endOf(row?.minute) - hourMs,
    hours: endOf(row?.hour) - dayMs,
  };
}
