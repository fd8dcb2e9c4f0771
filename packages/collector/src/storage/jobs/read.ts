import type { Job, JobEvent, JobProgress, UnixMs } from '@tarsier/protocol';
import type { JobsFilter } from '@tarsier/protocol/api';
import type { TenantScope } from '../../tenant.ts';
import type { AnySql } from '../database.ts';
import { jobColumns, jobOf, type JobRow } from './job-row.ts';
import { runningState } from './finish.ts';
import { storableJson } from './storable-json.ts';

export async function findJobs(
  sql: AnySql,
  { tenantId }: TenantScope,
  ids: readonly string[],
): Promise<readonly Job[]> {
  const rows = await sql<JobRow[]>`
    select ${sql(jobColumns)} from job where tenant_id = ${tenantId} and id = any(${[...ids]}::uuid[]) order by id`;
  return rows.map(jobOf);
}

export interface JobListFilter extends Omit<JobsFilter, 'cursor'> {
  /** Older than this one. */
  readonly before: string | undefined;
}

/** Newest first. */
export async function listJobs(
  sql: AnySql,
  { tenantId }: TenantScope,
  { state, type, before, limit }: JobListFilter,
): Promise<readonly Job[]> {
  const rows = await sql<JobRow[]>`
    select ${sql(jobColumns)} from job where tenant_id = ${tenantId}
      ${state === undefined ? sql`` : sql`and state = ${state}`}
      ${type === undefined ? sql`` : sql`and type = ${type}`}
      ${before === undefined ? sql`` : sql`and id < ${before}`}
    order by id desc limit ${limit}`;
  return rows.map(jobOf);
}

/** How many of its tenant go before a waiting job, at most 10,000; and how much they should take together, ms. */
export async function jobsAhead(
  sql: AnySql,
  { tenantId }: TenantScope,
  { id, priority }: Pick<Job, 'id' | 'priority'>,
): Promise<{ readonly jobs: number; readonly estimateMs: number }> {
  const [row] = await sql<{ jobs: number; estimate_ms: number }[]>`
    select count(*)::int as jobs, coalesce(sum(estimate_ms), 0)::float8 as estimate_ms from (
      select estimate_ms from job where tenant_id = ${tenantId} and state = 'waiting'
        and (priority > ${priority} or priority = ${priority} and id < ${id}) limit 10000) ahead`;
  return { jobs: row?.jobs ?? 0, estimateMs: row?.estimate_ms ?? 0 };
}

export interface NewJobEvent {
  readonly tenantId: number;
  readonly jobId: string;
  readonly at: UnixMs;
  readonly kind: JobEvent['kind'];
  readonly body: unknown;
}

/** Most events that are kept of a job. */
const maxEvents = 20_000;

/** Numbered on from those that are there, in the order given; what is more than a job may have is left out. */
export async function addJobEvents(sql: AnySql, events: readonly NewJobEvent[]): Promise<void> {
  const rows = events.map(({ tenantId, jobId, at, kind, body }) => ({
    t: tenantId,
    i: jobId,
    a: at,
    k: kind,
    b: body,
  }));
  await sql`
    insert into job_event (tenant_id, job_id, number, at, kind, body)
    select t, i, last + position, a, k, b from (
      select e.*, row_number() over (partition by t, i order by o) as position, coalesce((
        select max(number) from job_event where tenant_id = e.t and job_id = e.i), 0) as last
      from rows from (
        json_to_recordset(${storableJson(rows)}::text::json) as (t int, i uuid, a bigint, k text, b jsonb)
      ) with ordinality as e(t, i, a, k, b, o)
    ) numbered
    where last + position <= ${maxEvents} and exists (select 1 from job where tenant_id = t and id = i)
    on conflict do nothing`;
}

/** The newest progress of each, where its run still goes on. */
export async function setProgress(
  sql: AnySql,
  runs: readonly {
    readonly tenantId: number;
    readonly id: string;
    readonly fence: number;
    readonly progress: JobProgress;
  }[],
): Promise<void> {
  const rows = runs.map(({ tenantId, id, fence, progress }) => ({ t: tenantId, i: id, f: fence, p: progress }));
  await sql`
    update job set progress = r.p
    from json_to_recordset(${storableJson(rows)}::text::json) as r(t int, i uuid, f int, p jsonb)
    where job.tenant_id = r.t and job.id = r.i and job.fence = r.f and job.state = ${runningState}`;
}

/** Oldest first. */
export async function jobEvents(
  sql: AnySql,
  { tenantId }: TenantScope,
  id: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly JobEvent[]> {
  const rows = await sql<{ number: number; at: number; kind: string; body: Record<string, unknown> }[]>`
    select number, at, kind, body from job_event
    where tenant_id = ${tenantId} and job_id = ${id} and number > ${after} order by number limit ${limit}`;
  // Only addJobEvents writes them.
  return rows.map(({ number, at, kind, body }) => ({ ...body, kind, number, at }) as unknown as JobEvent);
}
