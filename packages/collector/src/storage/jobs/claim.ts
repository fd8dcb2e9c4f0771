/** Hot file: hands waiting jobs to a worker; `pnpm bench jobs` shows what it costs. */
import type { UnixMs } from '@tarsier/protocol';
import type { AnySql, TarsierSql } from '../database.ts';
import { pipelinedTransaction } from './pipelined-transaction.ts';

/** Jobs of a tenant and type, of which some wait. */
export interface LaneView {
  readonly tenantId: number;
  readonly type: string;
  readonly waiting: boolean;
  readonly running: number;
  /** Of the budget for those that run, billionths of USD. */
  readonly reserved: number;
  readonly maxRunning: number | null;
  readonly paused: boolean;
}

export interface TenantView {
  readonly tenantId: number;
  readonly weight: number;
  /** Virtual time at which its next job may start. */
  readonly finishTag: number;
  readonly maxRunning: number | null;
  readonly paused: boolean;
  readonly lanes: readonly LaneView[];
}

export interface QueueView {
  readonly tenants: readonly TenantView[];
  /** Virtual time: that of the newest start. */
  readonly virtualTime: number;
}

/** What is left of a budget before anything is set aside for jobs that run. */
export interface BudgetView {
  readonly tenantId: number;
  readonly id: string;
  /** `*`: all types. */
  readonly type: string;
  readonly amount: number;
  readonly left: number;
}

export interface Candidate {
  readonly tenantId: number;
  readonly id: string;
  readonly type: string;
  readonly priority: number;
  readonly estimateMs: number;
  readonly reserved: number;
}

export interface Choice {
  readonly jobs: readonly Candidate[];
  /** Of the tenants that got something: when the newest of their jobs starts, and by how much their time goes on. */
  readonly tags: readonly { readonly tenantId: number; readonly startTag: number; readonly added: number }[];
}

/** Who gets what: it decides and knows no database. */
export interface ClaimPlan {
  /** From which lanes, and the most of each. */
  lanes(view: QueueView): readonly { readonly tenantId: number; readonly type: string; readonly most: number }[];
  choose(view: QueueView, budgets: readonly BudgetView[], candidates: readonly Candidate[]): Choice;
}

export interface ClaimedJob {
  readonly tenantId: number;
  readonly tenant: string;
  readonly id: string;
  readonly type: string;
  readonly payload: unknown;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly timeoutMs: number;
  readonly fence: number;
  readonly reserved: number;
}

export interface ClaimRequest {
  readonly worker: string;
  readonly types: readonly string[];
  readonly leaseMs: number;
  readonly now: UnixMs;
}

/** Who claims does so alone: otherwise two would both give the last place that a limit allows. */
export const claimLock = 7_077_000_010;

/** Waiting jobs become running ones of this worker, in one transaction with the tags of their tenants. */
export function claimJobs(sql: TarsierSql, request: ClaimRequest, plan: ClaimPlan): Promise<readonly ClaimedJob[]> {
  return pipelinedTransaction(sql, async (tx) => {
    // What needs no answer is sent together with what follows.
    const [, view] = await Promise.all([
      tx`select pg_advisory_xact_lock(${claimLock}::bigint)`,
      queueView(tx, request.types),
    ]);
    const wanted = plan.lanes(view);
    if (wanted.length === 0) return [];
    const [candidates, budgets] = await Promise.all([
      candidatesOf(tx, wanted),
      budgetViews(tx, [...new Set(wanted.map(({ tenantId }) => tenantId))], request.now),
    ]);
    const { jobs, tags } = plan.choose(view, budgets, candidates);
    if (jobs.length === 0) return [];
    const [claimed] = await Promise.all([take(tx, request, jobs), setTags(tx, view.virtualTime, tags)]);
    const order = new Map(jobs.map(({ id }, index) => [id, index]));
    return claimed.toSorted((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  });
}

interface LaneRow {
  readonly tenant_id: number;
  readonly type: string;
  readonly waiting: boolean;
  readonly running: number;
  readonly reserved: number;
  readonly max_running: number | null;
  readonly paused: boolean;
  readonly weight: number;
  readonly finish_tag: number;
  readonly tenant_max_running: number | null;
  readonly tenant_paused: boolean;
  readonly virtual_time: number;
}

/** @param types  that wait; those of other types count where they run */
export async function queueView(sql: AnySql, types: readonly string[] | undefined): Promise<QueueView> {
  // Lanes are stepped over in the index, one look for each: however many jobs wait, they are not counted.
  const rows = await sql<LaneRow[]>`
    with recursive waiting(tenant_id, type) as (
      (select tenant_id, type from job where state = 'waiting' order by tenant_id, type limit 1)
      union all
      select n.tenant_id, n.type from waiting w cross join lateral (
        select tenant_id, type from job where state = 'waiting' and (tenant_id, type) > (w.tenant_id, w.type)
        order by tenant_id, type limit 1) n
    ), running as (
      select tenant_id, type, count(*)::int as running, sum(reserved)::bigint as reserved
      from job where state = 'running' group by tenant_id, type
    ), lane as (
      select tenant_id, type, w.tenant_id is not null as waiting, coalesce(r.running, 0) as running,
        coalesce(r.reserved, 0) as reserved
      from waiting w full join running r using (tenant_id, type)
    )
    select lane.*, l.max_running, coalesce(l.paused, false) as paused, a.weight, a.finish_tag,
      least(a.max_running, coalesce(m.value, (k.limits->>'jobs-running')::float8))::int as tenant_max_running,
      a.paused as tenant_paused,
      (select max(start_tag) from job_lane where job_lane.type = '*') as virtual_time
    from lane
    left join job_lane l on l.tenant_id = lane.tenant_id and l.type = lane.type
    join job_lane a on a.tenant_id = lane.tenant_id and a.type = '*'
    left join tenant_limit m on m.tenant_id = lane.tenant_id and m.name = 'jobs-running' and m.key = ''
    left join tenant t on t.tenant_id = lane.tenant_id
    left join tier k on k.name = t.tier`;
  const tenants = Array.from(
    Map.groupBy(rows, ({ tenant_id }) => tenant_id),
    ([tenantId, lanes]): TenantView => ({
      tenantId,
      weight: lanes[0]?.weight ?? 1,
      finishTag: lanes[0]?.finish_tag ?? 0,
      maxRunning: lanes[0]?.tenant_max_running ?? null,
      paused: lanes[0]?.tenant_paused ?? false,
      lanes: lanes.map((row) => ({
        tenantId,
        type: row.type,
        waiting: row.waiting && (types === undefined || types.includes(row.type)),
        running: row.running,
        reserved: row.reserved,
        maxRunning: row.max_running,
        paused: row.paused,
      })),
    }),
  );
  return { tenants, virtualTime: rows[0]?.virtual_time ?? 0 };
}

async function candidatesOf(tx: AnySql, wanted: ReturnType<ClaimPlan['lanes']>): Promise<readonly Candidate[]> {
  const rows = await tx<
    { tenant_id: number; id: string; type: string; priority: number; estimate_ms: number; reserved: number }[]
  >`
    select j.* from unnest(
      ${wanted.map(({ tenantId }) => tenantId)}::int[], ${wanted.map(({ type }) => type)}::text[],
      ${wanted.map(({ most }) => most)}::int[]
    ) as w(tenant_id, type, most)
    cross join lateral (
      select tenant_id, id, type, priority, estimate_ms, reserved from job
      where tenant_id = w.tenant_id and type = w.type and state = 'waiting'
      order by priority desc nulls last, id limit w.most
    ) j`;
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    id: row.id,
    type: row.type,
    priority: row.priority,
    estimateMs: row.estimate_ms,
    reserved: row.reserved,
  }));
}

/** Those of jobs and what the tenant may spend on them at all, with what was spent since their periods began (UTC). */
export async function budgetViews(
  sql: AnySql,
  tenantIds: readonly number[],
  now: UnixMs,
): Promise<readonly BudgetView[]> {
  const today = new Date(now).toISOString().slice(0, 10);
  const month = `${today.slice(0, 7)}-01`;
  const rows = await sql<{ tenant_id: number; id: string; type: string; amount: number; spent: number }[]>`
    select b.tenant_id, b.id, case b.kind when 'jobs' then '*' else b.target end as type, b.amount, coalesce((
      select sum(u.cost) from job_usage u
      where u.tenant_id = b.tenant_id and (b.kind = 'jobs' or u.type = b.target)
        and u.day >= case b.period when 'day' then ${today}::date else ${month}::date end
    ), 0)::bigint as spent
    from budget b where b.tenant_id = any(${[...tenantIds]}::int[]) and b.kind in ('jobs', 'job-type')
    union all
    select t.tenant_id, 'limit ' || p.name, '*', round(m.value * 1e9)::bigint, coalesce((
      select sum(u.cost) from job_usage u where u.tenant_id = t.tenant_id and u.day >= p.since
    ), 0)::bigint
    from tenant t
    cross join (values ('money-day', ${today}::date), ('money-month', ${month}::date)) as p(name, since)
    left join tier k on k.name = t.tier
    cross join lateral (
      select coalesce((
        select l.value from tenant_limit l where l.tenant_id = t.tenant_id and l.name = p.name and l.key = ''
      ), (k.limits->>p.name)::float8) as value
    ) m
    where t.tenant_id = any(${[...tenantIds]}::int[]) and m.value is not null`;
  return rows.map(({ tenant_id, id, type, amount, spent }) => ({
    tenantId: tenant_id,
    id,
    type,
    amount,
    left: amount - spent,
  }));
}

async function take(
  tx: AnySql,
  { worker, leaseMs, now }: ClaimRequest,
  jobs: readonly Candidate[],
): Promise<readonly ClaimedJob[]> {
  const rows = await tx<
    {
      tenant_id: number;
      tenant: string;
      id: string;
      type: string;
      payload: unknown;
      attempt: number;
      max_attempts: number;
      timeout_ms: number;
      fence: number;
      reserved: number;
    }[]
  >`
    with c as (
      select * from unnest(
        string_to_array(${jobs.map(({ tenantId }) => tenantId).join(',')}, ',')::int[],
        string_to_array(${jobs.map(({ id }) => id).join(',')}, ',')::uuid[]
      ) as c(tenant_id, id)
    ), taken as (
      update job set state = 'running', attempt = attempt + 1, fence = fence + 1, worker = ${worker},
        started_at = ${now}, progress = null, error = null,
        lease_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000})
      from c where job.tenant_id = c.tenant_id and job.id = c.id and job.state = 'waiting'
      returning job.tenant_id, job.id, type, payload, attempt, max_attempts, timeout_ms, fence, reserved
    )
    select taken.*, tenant.name as tenant from taken join tenant using (tenant_id)`;
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    tenant: row.tenant,
    id: row.id,
    type: row.type,
    payload: row.payload,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    timeoutMs: row.timeout_ms,
    fence: row.fence,
    reserved: row.reserved,
  }));
}

/** Relative, because what a run really took is added when it ends, at any time. */
async function setTags(tx: AnySql, virtualTime: number, tags: Choice['tags']): Promise<void> {
  await tx`
    update job_lane l set start_tag = t.start_tag, finish_tag = greatest(l.finish_tag, ${virtualTime}) + t.added
    from unnest(
      ${tags.map(({ tenantId }) => tenantId)}::int[], ${tags.map(({ startTag }) => startTag)}::float8[],
      ${tags.map(({ added }) => added)}::float8[]
    ) as t(tenant_id, start_tag, added)
    where l.tenant_id = t.tenant_id and l.type = '*'`;
}
