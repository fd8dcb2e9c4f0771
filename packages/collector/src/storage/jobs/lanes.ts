/** What a tenant's jobs may, and what they took. */
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../../tenant.ts';
import type { AnySql } from '../database.ts';

export interface LaneSettings {
  readonly weight?: number | undefined;
  readonly maxRunning?: number | null | undefined;
  readonly paused?: boolean | undefined;
}

/** What is absent stays as it was. */
export async function setLane(
  sql: AnySql,
  { tenantId }: TenantScope,
  type: string,
  { weight, maxRunning, paused }: LaneSettings,
): Promise<void> {
  await sql`
    insert into job_lane as l (tenant_id, type, weight, max_running, paused)
    values (${tenantId}, ${type}, ${weight ?? 1}, ${maxRunning ?? null}, ${paused ?? false})
    on conflict (tenant_id, type) do update set
      weight = ${weight === undefined ? sql`l.weight` : sql`excluded.weight`},
      max_running = ${maxRunning === undefined ? sql`l.max_running` : sql`excluded.max_running`},
      paused = ${paused === undefined ? sql`l.paused` : sql`excluded.paused`}`;
}

export interface LaneCount {
  readonly type: string;
  readonly waiting: number;
  readonly running: number;
  readonly maxRunning: number | null;
  readonly paused: boolean;
  readonly weight: number;
}

/** `*` first: all of the tenant. */
export async function laneCounts(sql: AnySql, { tenantId }: TenantScope): Promise<readonly LaneCount[]> {
  const rows = await sql<
    { type: string; waiting: number; running: number; max_running: number | null; paused: boolean; weight: number }[]
  >`
    with counts as (
      select type, count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'running') as running
      from job where tenant_id = ${tenantId} and state in ('waiting', 'running') group by rollup (type)
    )
    select coalesce(c.type, l.type, '*') as type, coalesce(c.waiting, 0)::int as waiting,
      coalesce(c.running, 0)::int as running, l.max_running, coalesce(l.paused, false) as paused,
      coalesce(l.weight, 1) as weight
    from counts c full join (select * from job_lane where tenant_id = ${tenantId}) l on coalesce(c.type, '*') = l.type
    order by coalesce(c.type, l.type, '*') <> '*', 1`;
  return rows.map(({ max_running, ...row }) => ({ ...row, maxRunning: max_running }));
}

/** How much longer than their types say jobs took, in runs of the last days. */
export async function laneHistory(
  sql: AnySql,
  { tenantId }: TenantScope,
  type: string,
  since: UnixMs,
): Promise<{ readonly runs: number; readonly baseMs: number; readonly meteredMs: number }> {
  const [row] = await sql<{ runs: number; base_ms: number; metered_ms: number }[]>`
    select coalesce(sum(runs), 0)::bigint as runs, coalesce(sum(base_ms), 0)::bigint as base_ms,
      coalesce(sum(metered_ms), 0)::bigint as metered_ms
    from job_usage where tenant_id = ${tenantId} and type = ${type} and day >= ${dayOf(since)}::date`;
  return { runs: row?.runs ?? 0, baseMs: row?.base_ms ?? 0, meteredMs: row?.metered_ms ?? 0 };
}

export interface UsageRow {
  /** UTC: `2026-11-30`. */
  readonly day: string;
  readonly type: string;
  readonly runs: number;
  readonly estimateMs: number;
  readonly meteredMs: number;
  /** Billionths of USD. */
  readonly cost: number;
}

/** Newest day first. */
export async function jobUsage(sql: AnySql, { tenantId }: TenantScope, since: UnixMs): Promise<readonly UsageRow[]> {
  const rows = await sql<
    { day: string; type: string; runs: number; estimate_ms: number; metered_ms: number; cost: number }[]
  >`
    select day::text, type, runs, estimate_ms, metered_ms, cost from job_usage
    where tenant_id = ${tenantId} and day >= ${dayOf(since)}::date order by job_usage.day desc, type`;
  return rows.map(({ estimate_ms, metered_ms, ...row }) => ({
    ...row,
    estimateMs: estimate_ms,
    meteredMs: metered_ms,
  }));
}

function dayOf(time: UnixMs): string {
  return new Date(time).toISOString().slice(0, 10);
}
