/** Hot file: hands waiting jobs to a worker; `pnpm bench jobs` shows what it costs. */
import type { PendingQuery, Row } from 'postgres';
import type { UnixMs } from '@tarsier/protocol';
import type { AnySql } from '../database.ts';
import type { Early, Pipelines } from './pipelined-transaction.ts';

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
  readonly tenant: string;
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
  /** How many jobs of a type may be claimed; what is not named is not looked at. */
  readonly places: ReadonlyMap<string, number>;
  /** Of each lane so many times its tenant's share of the places are looked at, and so many more. */
  readonly spare: number;
  readonly leastPerLane: number;
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
  readonly leaseMs: number;
  readonly now: UnixMs;
}

/** Who claims does so alone: otherwise two would both give the last place that a limit allows. */
export const claimLock = 7_077_000_010;

/** Whether something waits that a place or the end of another run may let start. */
export interface Left {
  readonly left: boolean;
}

/**
 * Waiting jobs become running ones of this worker, in one transaction with the tags of their tenants: the database is
 * asked once for all that the choice needs, and told once what was chosen; where nothing was left at the last look, and
 * one job alone may start now, there is nothing to choose, and it is asked and told at once.
 *
 * @param onTaken  gets them while their commit is on its way to the disk: its wait for that is no wait for them
 * @returns once others may claim, with when what was taken is on the disk: until then nothing of it can be written, and
 *   where that, or this, rejects it may be somebody else's
 */
export type Claim = (
  request: ClaimRequest,
  plan: ClaimPlan,
  onTaken: (jobs: readonly ClaimedJob[]) => void,
) => Promise<Early<Left>>;

export function createClaim(pipelines: Pipelines): Claim {
  let isQuiet = true;
  return async (request, plan, onTaken) => {
    const claimed = isQuiet ? await claimOnly(pipelines, request, plan, onTaken) : undefined;
    const { result, onDisk } = claimed ?? (await claimChosen(pipelines, request, plan, onTaken));
    isQuiet = !result.left;
    return { result, onDisk };
  };
}

const alone = `select pg_advisory_xact_lock(${claimLock})`;

/** @returns undefined where several may start: who gets the places is to be chosen */
async function claimOnly(
  pipelines: Pipelines,
  request: ClaimRequest,
  plan: ClaimPlan,
  onTaken: (jobs: readonly ClaimedJob[]) => void,
): Promise<Early<Left> | undefined> {
  const { result, onDisk } = await pipelines.transaction(alone, async (tx, commitWith) => {
    const found = await commitWith({
      name: 'takeOnly',
      send: () => takeOnly(tx, request, plan),
      wrote: ({ jobs }) => jobs.length > 0,
    });
    if (found.jobs.length > 0) onTaken(found.jobs);
    return found;
  });
  return result.ready > 1 ? undefined : { result, onDisk };
}

function claimChosen(
  pipelines: Pipelines,
  request: ClaimRequest,
  plan: ClaimPlan,
  onTaken: (jobs: readonly ClaimedJob[]) => void,
): Promise<Early<Left>> {
  return pipelines.transaction(alone, async (tx, commitWith) => {
    const { left, view, budgets, candidates } = await look(tx, request, plan);
    if (candidates.length === 0) return { left };
    const { jobs, tags } = plan.choose(view, budgets, candidates);
    if (jobs.length === 0) return { left };
    onTaken(await commitWith({ name: 'take', send: () => take(tx, request, jobs, view.virtualTime, tags) }));
    return { left };
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

interface LookRow extends LaneRow {
  readonly tenant: string;
  /** Null where nothing may start whatever ends. */
  readonly places: number | null;
  readonly candidates:
    | readonly (readonly [id: string, priority: number, estimateMs: number, reserved: number])[]
    | null;
  readonly budgets: readonly (readonly [id: string, type: string, amount: number, spent: number])[] | null;
}

/**
 * Lanes, as the table `seen`. They are stepped over in the index, one look for each: however many jobs wait, they are
 * not counted.
 */
const lanesSeen = (sql: AnySql) => sql`
  waiting(tenant_id, type) as (
    (select tenant_id, type from job where state = 'waiting' order by tenant_id, type limit 1)
    union all
    select n.tenant_id, n.type from waiting w cross join lateral (
      select tenant_id, type from job where state = 'waiting' and (tenant_id, type) > (w.tenant_id, w.type)
      order by tenant_id, type limit 1) n
  ), busy as (
    select tenant_id, type, count(*)::int as running, sum(reserved)::bigint as reserved
    from job where state = 'running' group by tenant_id, type
  ), lane as (
    select tenant_id, type, w.tenant_id is not null as waiting, coalesce(r.running, 0) as running,
      coalesce(r.reserved, 0) as reserved
    from waiting w full join busy r using (tenant_id, type)
  ), seen as materialized (
    select lane.*, l.max_running, coalesce(l.paused, false) as paused, a.weight, a.finish_tag,
      least(a.max_running, coalesce(m.value, (k.limits->>'jobs-running')::float8))::int as tenant_max_running,
      a.paused or exists (select from closed_tenant c where c.tenant_id = lane.tenant_id) as tenant_paused,
      (select max(start_tag) from job_lane where job_lane.type = '*') as virtual_time, t.name as tenant
    from lane
    left join job_lane l on l.tenant_id = lane.tenant_id and l.type = lane.type
    join job_lane a on a.tenant_id = lane.tenant_id and a.type = '*'
    left join tenant_limit m on m.tenant_id = lane.tenant_id and m.name = 'jobs-running' and m.key = ''
    left join tenant t on t.tenant_id = lane.tenant_id
    left join tier k on k.name = t.tier
  )`;

function viewOf(rows: readonly LaneRow[]): QueueView {
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
        waiting: row.waiting,
        running: row.running,
        reserved: row.reserved,
        maxRunning: row.max_running,
        paused: row.paused,
      })),
    }),
  );
  return { tenants, virtualTime: rows[0]?.virtual_time ?? 0 };
}

export async function queueView(sql: AnySql): Promise<QueueView> {
  return viewOf(await sql<LaneRow[]>`with recursive ${lanesSeen(sql)} select * from seen`);
}

/** Lanes with how many of their jobs there are places for, and may run, after `seen`. */
const lanesOpened = (sql: AnySql, { places }: ClaimPlan) => sql`
  opened as (
    select seen.*, p.places, least(max_running - running,
      tenant_max_running - sum(running) over (partition by tenant_id)) as allowed,
      row_number() over (partition by tenant_id order by p.places desc nulls last) as nth
    from seen left join unnest(${[...places.keys()]}::text[], ${[...places.values()]}::int[]) as p(type, places)
      on p.type = seen.type and seen.waiting and not seen.paused and not seen.tenant_paused
  )`;

/** What waits where there is a place for it, with what is known of those whose it is. */
async function look(
  tx: AnySql,
  { now }: ClaimRequest,
  plan: ClaimPlan,
): Promise<{
  readonly left: boolean;
  readonly view: QueueView;
  readonly budgets: readonly BudgetView[];
  readonly candidates: readonly Candidate[];
}> {
  // Rows become JSON in the database: reading a column at a time costs the driver more.
  const rows = await tx<LookRow[]>`
    with recursive ${lanesSeen(tx)}, ${lanesOpened(tx, plan)}, wanting as (
      select tenant_id, weight from opened where places > 0 and coalesce(allowed > 0, true) group by tenant_id, weight
    )
    select o.*, (
      select json_agg(json_build_array(b.id, b.type, b.amount, b.spent))
      from (${budgetsOf(tx, tx`o.tenant_id`, now)}) b where o.places > 0 and o.nth = 1
    ) as budgets, (
      select json_agg(json_build_array(id, priority, estimate_ms, reserved)) from (
        select id, priority, estimate_ms, reserved from job
        where tenant_id = o.tenant_id and type = o.type and state = 'waiting'
        order by priority desc nulls last, id
        limit case when o.places > 0 then greatest(0, least(o.places, o.allowed, ${plan.leastPerLane}::int + ceil(
          ${plan.spare}::float8 * o.places * o.weight / (select sum(weight) from wanting)))) else 0 end::bigint
      ) j) as candidates
    from opened o where o.tenant is not null`;
  const candidates = rows.flatMap(({ tenant_id: tenantId, tenant, type, candidates: some }) =>
    (some ?? []).map(([id, priority, estimateMs, reserved]) => ({
      tenantId,
      tenant,
      id,
      type,
      priority,
      estimateMs,
      reserved,
    })),
  );
  // Asked once for each tenant: with the lane that has most places.
  const budgets = rows.flatMap(({ tenant_id: tenantId, budgets: some }) =>
    (some ?? []).map(([id, type, amount, spent]) => ({ tenantId, id, type, amount, left: amount - spent })),
  );
  return { left: rows.some(({ places }) => places !== null), view: viewOf(rows), budgets, candidates };
}

/**
 * A tenant's budgets of jobs, and what it may spend on them at all, with what was spent since their periods began (UTC).
 *
 * @param tenant  its number, or a column with it
 */
function budgetsOf(sql: AnySql, tenant: PendingQuery<Row[]>, now: UnixMs): PendingQuery<Row[]> {
  const today = new Date(now).toISOString().slice(0, 10);
  const month = `${today.slice(0, 7)}-01`;
  return sql`
    select b.id, case b.kind when 'jobs' then '*' else b.target end as type, b.amount, coalesce((
      select sum(u.cost) from job_usage u
      where u.tenant_id = b.tenant_id and (b.kind = 'jobs' or u.type = b.target)
        and u.day >= case b.period when 'day' then ${today}::date else ${month}::date end
    ), 0)::bigint as spent
    from budget b where b.tenant_id = ${tenant} and b.kind in ('jobs', 'job-type')
    union all
    select 'limit ' || p.name, '*', round(m.value * 1e9)::bigint, coalesce((
      select sum(u.cost) from job_usage u where u.tenant_id = ${tenant} and u.day >= p.since
    ), 0)::bigint
    from (values ('money-day', ${today}::date), ('money-month', ${month}::date)) as p(name, since)
    cross join lateral (
      select coalesce((
        select l.value from tenant_limit l where l.tenant_id = ${tenant} and l.name = p.name and l.key = ''
      ), (
        select (k.limits->>p.name)::float8 from tenant t join tier k on k.name = t.tier where t.tenant_id = ${tenant}
      )) as value
    ) m
    where m.value is not null`;
}

export async function budgetViews(sql: AnySql, tenantId: number, now: UnixMs): Promise<readonly BudgetView[]> {
  const rows = await sql<{ id: string; type: string; amount: number; spent: number }[]>`
    ${budgetsOf(sql, sql`${tenantId}::int`, now)}`;
  return rows.map(({ id, type, amount, spent }) => ({ tenantId, id, type, amount, left: amount - spent }));
}

/** As a value, not in the text: the planner must not think of the index of those that wait, which has no order by id. */
const waitingState = 'waiting';

/** What makes a waiting job one of this worker's, as the columns of an update. */
const begins = (sql: AnySql, { worker, leaseMs, now }: ClaimRequest) => sql`
  state = 'running', attempt = attempt + 1, fence = fence + 1, worker = ${worker}, started_at = ${now},
  progress = null, error = null, lease_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000})`;

/**
 * The job that may start, where it is the only one: what `fairShare` would choose, and the tags that it would set.
 *
 * @returns how many may, up to two of each lane; none was taken where it is several
 */
async function takeOnly(
  tx: AnySql,
  request: ClaimRequest,
  plan: ClaimPlan,
): Promise<Left & { readonly ready: number; readonly jobs: readonly ClaimedJob[] }> {
  const [row] = await tx<{ ready: number; open: number; taken: OnlyRow | null }[]>`
    with recursive ${lanesSeen(tx)}, ${lanesOpened(tx, plan)}, ready as materialized (
      select o.tenant_id, o.tenant, o.type, o.weight, coalesce(o.virtual_time, 0) as virtual_time, j.*
      from opened o cross join lateral (
        select id, estimate_ms, reserved from job
        where tenant_id = o.tenant_id and type = o.type and state = 'waiting'
        order by priority desc nulls last, id limit 2
      ) j
      where o.tenant is not null and o.places > 0 and coalesce(o.allowed > 0, true)
    ), lone as materialized (
      select * from ready r where (select count(*) from ready) = 1 and not exists (
        select from (${budgetsOf(tx, tx`r.tenant_id`, request.now)}) b
        where b.type in ('*', r.type) and b.amount - b.spent - (
          select coalesce(sum(s.reserved), 0) from seen s where s.tenant_id = r.tenant_id and b.type in ('*', s.type)
        ) < r.reserved
      )
    ), tagged as (
      update job_lane l set start_tag = greatest(l.finish_tag, o.virtual_time),
        finish_tag = greatest(l.finish_tag, o.virtual_time) + o.estimate_ms / o.weight
      from lone o where l.tenant_id = o.tenant_id and l.type = '*'
    ), taken as (
      update job set ${begins(tx, request)}
      from lone o where job.tenant_id = o.tenant_id and job.id = o.id and job.state = ${waitingState}
      returning json_build_array(job.id, payload, attempt, max_attempts, timeout_ms, fence, o.tenant_id, o.tenant,
        o.type, o.reserved) as taken
    )
    select (select count(*)::int from ready) as ready, (select taken from taken),
      (select count(places)::int from opened) as open`.execute();
  const [ready, open, taken] = [row?.ready ?? 0, row?.open ?? 0, row?.taken ?? undefined];
  if (taken === undefined) return { ready, left: open > 0, jobs: [] };
  const [id, payload, attempt, maxAttempts, timeoutMs, fence, tenantId, tenant, type, reserved] = taken;
  const job = { tenantId, tenant, id, type, payload, attempt, maxAttempts, timeoutMs, fence, reserved };
  return { ready, left: open > 1, jobs: [job] };
}

/** Tags are relative, because what a run really took is added when it ends, at any time. */
async function take(
  tx: AnySql,
  request: ClaimRequest,
  jobs: readonly Candidate[],
  virtualTime: number,
  tags: Choice['tags'],
): Promise<readonly ClaimedJob[]> {
  const [row] = await tx<{ taken: readonly TakenRow[] | null }[]>`
    with c as (
      select * from unnest(
        string_to_array(${jobs.map(({ tenantId }) => tenantId).join(',')}, ',')::int[],
        string_to_array(${jobs.map(({ id }) => id).join(',')}, ',')::uuid[]
      ) as c(tenant_id, id)
    ), tagged as (
      update job_lane l set start_tag = t.start_tag, finish_tag = greatest(l.finish_tag, ${virtualTime}) + t.added
      from unnest(
        ${tags.map(({ tenantId }) => tenantId)}::int[], ${tags.map(({ startTag }) => startTag)}::float8[],
        ${tags.map(({ added }) => added)}::float8[]
      ) as t(tenant_id, start_tag, added)
      where l.tenant_id = t.tenant_id and l.type = '*'
    ), taken as (
      update job set ${begins(tx, request)}
      from c where job.tenant_id = c.tenant_id and job.id = c.id and job.state = ${waitingState}
      returning job.id, payload, attempt, max_attempts, timeout_ms, fence
    )
    select json_agg(json_build_array(id, payload, attempt, max_attempts, timeout_ms, fence)) as taken
    from taken`.execute();
  const taken = new Map((row?.taken ?? []).map((one) => [one[0], one]));
  // In the order of the choice. What somebody cancelled or held meanwhile was not taken.
  return jobs.flatMap(({ tenantId, tenant, id, type, reserved }): ClaimedJob | [] => {
    const one = taken.get(id);
    if (one === undefined) return [];
    const [, payload, attempt, maxAttempts, timeoutMs, fence] = one;
    return { tenantId, tenant, id, type, payload, attempt, maxAttempts, timeoutMs, fence, reserved };
  });
}

type TakenRow = readonly [
  id: string,
  payload: unknown,
  attempt: number,
  maxAttempts: number,
  timeoutMs: number,
  fence: number,
];

type OnlyRow = readonly [...TakenRow, tenantId: number, tenant: string, type: string, reserved: number];
