/** What keeps the queue going whoever dies: leases, delays, dependencies that were left, retention. */
import type { UnixMs } from '@tarsier/protocol';
import type { TarsierSql } from '../database.ts';
import { runningState, settleDependents } from './finish.ts';
import { wakeStatement } from './hints.ts';

export interface HeldRun {
  readonly tenantId: number;
  readonly id: string;
  readonly fence: number;
  /** Of the budget, billionths of USD: more than before when it takes more than was thought. */
  readonly reserved: number;
}

export interface RenewedRun {
  readonly tenantId: number;
  readonly id: string;
  readonly cancelRequested: boolean;
}

export interface LeaseView {
  readonly tenantId: number;
  readonly id: string;
  readonly fence: number;
}

/** @returns those that are still the worker's; whatever is missing was taken over */
export async function renewLeases(
  sql: TarsierSql,
  runs: readonly HeldRun[],
  leaseMs: number,
): Promise<readonly RenewedRun[]> {
  const rows = await sql<{ tenant_id: number; id: string; cancel_requested: boolean }[]>`
    update job set lease_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000}), reserved = r.reserved
    from unnest(
      ${runs.map(({ tenantId }) => tenantId)}::int[], ${runs.map(({ id }) => id)}::uuid[],
      ${runs.map(({ fence }) => fence)}::int[], ${runs.map(({ reserved }) => reserved)}::bigint[]
    ) as r(tenant_id, id, fence, reserved)
    where job.tenant_id = r.tenant_id and job.id = r.id and job.fence = r.fence and job.state = ${runningState}
    returning job.tenant_id, job.id, job.cancel_requested`;
  return rows.map((row) => ({ tenantId: row.tenant_id, id: row.id, cancelRequested: row.cancel_requested }));
}

export interface SweepResult {
  /** Runs whose worker is gone. */
  readonly takenOver: readonly { readonly tenantId: number; readonly id: string; readonly state: string }[];
  /** Delayed jobs whose time has come. */
  readonly due: number;
  /** When the next one's does. */
  readonly nextDueAt: UnixMs | undefined;
  /** Runs whose lease ends so far ahead that the database's clock must have been set back. */
  readonly implausible: readonly LeaseView[];
}

/**
 * @param presumedLost  runs to be taken over although their lease goes on
 */
export async function sweepJobs(
  sql: TarsierSql,
  { now, leaseMs, presumedLost }: { now: UnixMs; leaseMs: number; presumedLost: readonly LeaseView[] },
): Promise<SweepResult> {
  const takenOver = await sql<{ tenant_id: number; id: string; state: string; has_dependents: boolean }[]>`
    update job set fence = fence + 1, worker = null, lease_until = null,
      state = case when cancel_requested then 'cancelled' when attempt >= max_attempts then 'failed' else 'waiting' end,
      finished_at = case when cancel_requested or attempt >= max_attempts then ${now}::bigint end,
      error = jsonb_build_object('code', 'jobs/worker-lost', 'retryable', true,
        'message', 'its worker was gone during attempt ' || attempt)
    where state = 'running' and (lease_until < clock_timestamp() or (tenant_id, id, fence) in (
      select * from unnest(
        ${presumedLost.map(({ tenantId }) => tenantId)}::int[], ${presumedLost.map(({ id }) => id)}::uuid[],
        ${presumedLost.map(({ fence }) => fence)}::int[])))
    returning tenant_id, id, state, has_dependents`;
  const due = await sql`
    update job set state = 'waiting' where state = 'delayed' and due_at <= ${now}`;
  const [next] = await sql<{ due_at: number | null }[]>`
    select min(due_at) as due_at from job
    where state = 'delayed' and tenant_id not in (select tenant_id from closed_tenant)`;
  const implausible = await sql<{ tenant_id: number; id: string; fence: number }[]>`
    select tenant_id, id, fence from job
    where state = 'running' and lease_until > clock_timestamp() + make_interval(secs => ${(2 * leaseMs) / 1_000})`;
  const left = await sql<{ tenant_id: number; on_id: string }[]>`
    select d.tenant_id, d.on_id from job_dependency d cross join lateral (
      select from job j where j.tenant_id = d.tenant_id and j.id = d.on_id
        and j.state in ('succeeded', 'failed', 'cancelled') limit 1) ended
    limit 1000`;
  for (const [tenantId, jobs] of Map.groupBy(left, ({ tenant_id }) => tenant_id)) {
    await settleDependents(sql, tenantId, [...new Set(jobs.map(({ on_id }) => on_id))], now);
  }
  if (takenOver.length > 0 || due.count > 0 || left.length > 0) await wakeStatement(sql);
  return {
    takenOver: takenOver.map(({ tenant_id, id, state }) => ({ tenantId: tenant_id, id, state })),
    due: due.count,
    nextDueAt: next?.due_at ?? undefined,
    implausible: implausible.map(({ tenant_id, id, fence }) => ({ tenantId: tenant_id, id, fence })),
  };
}

export interface JobRetention {
  /** Of those that succeeded or were cancelled, ms after their end. */
  readonly finishedMs: number;
  readonly failedMs: number;
  /** Most that are deleted at once. */
  readonly most: number;
}

/** @returns how many went */
export async function expireJobs(
  sql: TarsierSql,
  now: UnixMs,
  { finishedMs, failedMs, most }: JobRetention,
): Promise<number> {
  // A job's id begins with the time of its submission, and nothing ends before that: so the oldest are looked at only.
  const before = (ms: number): string => {
    const time = Math.max(0, Math.floor(now - ms))
      .toString(16)
      .padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
  };
  const gone = await sql<{ tenant_id: number; id: string }[]>`
    delete from job where (tenant_id, id) in (
      select j.tenant_id, j.id from tenant t cross join lateral (
        select tenant_id, id from job
        where tenant_id = t.tenant_id and id < ${before(Math.min(finishedMs, failedMs))} and (
          state in ('succeeded', 'cancelled') and finished_at < ${now - finishedMs}
          or state = 'failed' and finished_at < ${now - failedMs})
        order by id limit ${most}) j
      limit ${most})
    returning tenant_id, id`;
  if (gone.length > 0) {
    const keys = sql`
      select * from unnest(${gone.map(({ tenant_id }) => tenant_id)}::int[], ${gone.map(({ id }) => id)}::uuid[])`;
    await sql`delete from job_event where (tenant_id, job_id) in (${keys})`;
  }
  await sql`
    delete from job_key k where k.created_at < ${now - finishedMs} and not exists (
      select 1 from job where job.tenant_id = k.tenant_id and job.id = k.job_id)`;
  return gone.length;
}

/** Takes away what is left of rows that have changed, so that looks at the head of the queue stay short. */
export async function vacuumJobs(sql: TarsierSql): Promise<void> {
  await sql.unsafe('vacuum (skip_locked) job');
}
