/** Hot file: ends runs, many in one statement, with what they took, cost and set free; each at most once. */
import type { JobError, JobState, UnixMs } from '@tarsier/protocol';
import type { AnySql, TarsierSql } from '../database.ts';
import { wakeStatement } from './hints.ts';
import { storableJson } from './storable-json.ts';

/** How a run ended. */
export interface Outcome {
  readonly tenantId: number;
  readonly id: string;
  readonly fence: number;
  /** `delayed`: to be tried again; `waiting`: given back as if it had not begun. */
  readonly state: Extract<JobState, 'succeeded' | 'failed' | 'cancelled' | 'delayed' | 'waiting'>;
  readonly dueAt?: UnixMs;
  readonly result?: unknown;
  readonly error?: JobError;
  readonly meteredMs: number;
  /** Billionths of USD. */
  readonly cost: number;
}

/** As a value, not in the text: the planner must not think of the index of those that run, which has no order by id. */
export const runningState: JobState = 'running';

export interface Finished {
  readonly tenantId: number;
  readonly id: string;
}

/**
 * Each outcome whose fence still holds: its job's state, the metered facts and the tenant's virtual time change in one
 * statement, so that none can be without the others. What is given back (`waiting`) was begun in vain, and is charged to
 * nobody: it counts for the virtual time alone.
 *
 * @returns those that counted; the others were taken over or ended otherwise meanwhile
 */
export async function finishRuns(
  sql: TarsierSql,
  outcomes: readonly Outcome[],
  now: UnixMs,
): Promise<readonly Finished[]> {
  const joined = (of: (outcome: Outcome) => string | number | undefined): string =>
    outcomes.map((outcome) => of(outcome) ?? '').join(',');
  // Plain facts as text with commas, which the database reads faster than JSON.
  const bodies = (of: (outcome: Outcome) => unknown): string =>
    storableJson(outcomes.map((outcome) => of(outcome) ?? null));
  const day = new Date(now).toISOString().slice(0, 10);
  const [row] = await sql<{ counted: readonly number[] | null; with_dependents: readonly number[] | null }[]>`
    with o as materialized (
      select * from rows from (
        unnest(string_to_array(${joined(({ tenantId }) => tenantId)}, ',')::int[]),
        unnest(string_to_array(${joined(({ id }) => id)}, ',')::uuid[]),
        unnest(string_to_array(${joined(({ fence }) => fence)}, ',')::int[]),
        unnest(string_to_array(${joined(({ state }) => state)}, ',')),
        unnest(string_to_array(${joined(({ dueAt }) => dueAt)}, ',', '')::bigint[]),
        unnest(string_to_array(${joined(({ meteredMs }) => meteredMs)}, ',')::bigint[]),
        unnest(string_to_array(${joined(({ cost }) => cost)}, ',')::bigint[]),
        json_array_elements(${bodies(({ result }) => result)}::text::json),
        json_array_elements(${bodies(({ error }) => error)}::text::json)
      ) with ordinality as o(t, i, f, s, d, m, c, r, e, n)
    ), done as (
      update job set state = o.s, due_at = o.d, result = nullif(o.r::text, 'null')::jsonb, error = nullif(o.e::text, 'null')::jsonb, metered_ms = metered_ms + case o.s when 'waiting' then 0 else o.m end,
        cost = job.cost + case o.s when 'waiting' then 0 else o.c end, worker = null, lease_until = null,
        attempt = attempt - case o.s when 'waiting' then 1 else 0 end,
        finished_at = case when o.s in ('delayed', 'waiting') then null else ${now}::bigint end
      from o where job.tenant_id = o.t and job.id = o.i and job.fence = o.f and job.state = ${runningState}
      returning job.tenant_id, job.type, o.n, o.s, o.m, o.c, job.base_ms, job.estimate_ms, job.has_dependents
    ), usage as (
      insert into job_usage as u (tenant_id, day, type, runs, base_ms, estimate_ms, metered_ms, cost)
      select tenant_id, ${day}::date, type, count(*), sum(base_ms), sum(estimate_ms), sum(m), sum(c) from done
      where s <> 'waiting' group by tenant_id, type order by tenant_id, type
      on conflict (tenant_id, day, type) do update set runs = u.runs + excluded.runs,
        base_ms = u.base_ms + excluded.base_ms, estimate_ms = u.estimate_ms + excluded.estimate_ms,
        metered_ms = u.metered_ms + excluded.metered_ms, cost = u.cost + excluded.cost
    ), tags as (
      update job_lane l set finish_tag = l.finish_tag + d.excess / l.weight
      from (select tenant_id, sum(m - estimate_ms) as excess from done group by tenant_id) d
      where l.tenant_id = d.tenant_id and l.type = '*' and d.excess <> 0
    )
    select json_agg(n) as counted, json_agg(n) filter (where has_dependents) as with_dependents from done`;
  const at = (position: number): Outcome | readonly [] => outcomes[position - 1] ?? [];
  const withDependents = (row?.with_dependents ?? []).flatMap(at);
  if (withDependents.length > 0) {
    for (const [tenantId, jobs] of Map.groupBy(withDependents, (one) => one.tenantId)) {
      await settleDependents(
        sql,
        tenantId,
        jobs.map(({ id }) => id),
        now,
      );
    }
    await wakeStatement(sql);
  }
  return (row?.counted ?? []).flatMap(at);
}

/**
 * Those that come after jobs that have ended wait for a worker, or are cancelled with them. Does nothing where that was
 * done, so whoever was killed before it is made up for by the next sweep.
 */
export async function settleDependents(
  sql: AnySql,
  tenantId: number,
  ended: readonly string[],
  now: UnixMs,
): Promise<void> {
  for (let ids = ended; ids.length > 0;) {
    const cancelled = await sql<{ id: string; has_dependents: boolean }[]>`
      with over as (
        select id, state from job where tenant_id = ${tenantId} and id = any(${[...ids]}::uuid[])
          and state in ('succeeded', 'failed', 'cancelled')
      ), gone as (
        delete from job_dependency d using over
        where d.tenant_id = ${tenantId} and d.on_id = over.id returning d.job_id, d.on_id, over.state
      ), affected as (
        select job_id, count(*)::int as freed, bool_or(state <> 'succeeded') as failed,
          min(on_id::text) filter (where state <> 'succeeded') as cause
        from gone group by job_id
      )
      update job set blocked_by = blocked_by - a.freed,
        state = case when a.failed then 'cancelled' when blocked_by > a.freed then 'blocked'
          when due_at > ${now} then 'delayed' else 'waiting' end,
        finished_at = case when a.failed then ${now}::bigint end,
        error = case when a.failed then jsonb_build_object('code', 'jobs/after', 'retryable', false,
          'message', 'job ' || a.cause || ', which it comes after, did not succeed') end
      from affected a where job.tenant_id = ${tenantId} and job.id = a.job_id and job.state = 'blocked'
      returning job.id, job.state = 'cancelled' and job.has_dependents as has_dependents`;
    ids = cancelled.filter(({ has_dependents }) => has_dependents).map(({ id }) => id);
  }
}
