import type { PendingQuery, Row } from 'postgres';
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../../tenant.ts';
import type { AnySql, TarsierTransaction } from '../database.ts';
import { flushed, type Scoped } from '../scoped-pool.ts';
import { submittedHints } from './hints.ts';
import { newJobId } from './job-id.ts';
import { storableJson } from './storable-json.ts';

export interface JobToSubmit {
  readonly type: string;
  readonly payload: unknown;
  readonly priority: number;
  readonly startAt: UnixMs | undefined;
  readonly maxAttempts: number;
  readonly timeoutMs: number;
  readonly after: readonly string[];
  readonly key: string | undefined;
  /** Of what was submitted, to tell the same key for something else. */
  readonly digest: string;
  readonly baseMs: number;
  readonly estimateMs: number;
  /** Billionths of USD. */
  readonly estimateCost: number;
  readonly reserved: number;
  readonly expectedStart: UnixMs | undefined;
  readonly scheduleId?: string;
}

export interface Submitted {
  readonly id: string;
  /** False: it was submitted with this key before. */
  readonly isNew: boolean;
}

export interface SubmitOptions {
  readonly by: string;
  readonly now: UnixMs;
  /** Workers of this process may look: others see the jobs, maybe before they are on the disk. */
  readonly onSeen?: () => void;
}

/** All of them or none. @throws {TarsierError} `jobs/key`, `jobs/after` */
export async function submitJobs(
  { run, runEarly, begin }: Scoped,
  scope: TenantScope,
  jobs: readonly JobToSubmit[],
  options: SubmitOptions,
): Promise<readonly Submitted[]> {
  const plain = jobs.every(({ key, after }) => key === undefined && after.length === 0);
  if (plain) {
    const numbered = jobs.map((job) => ({ ...job, id: newJobId(options.now), blockedBy: 0 }));
    const wake = jobs.some(({ startAt }) => startsNow(startAt, options.now));
    const ids = numbered.map(({ id }) => id);
    try {
      await runEarly(
        scope,
        (sql, early) =>
          insertion(sql, scope, numbered, options, sql`${submittedHints(sql, scope.tenantId, ids, wake)}, ${early}`),
        options.onSeen ?? (() => {}),
      );
    } catch (error) {
      // Its connection may have been lost between the commit and the disk's word, and the jobs may run.
      if (!(await areThere({ run }, scope, ids).catch(() => false))) throw error;
    }
    return numbered.map(({ id }) => ({ id, isNew: true }));
  }
  const submitted = await begin(scope, async (tx) => {
    const all = await submitWithin(tx, scope, jobs, options);
    const fresh = all.filter(({ isNew }) => isNew).map(({ id }) => id);
    if (fresh.length > 0) await tx`select ${submittedHints(tx, scope.tenantId, fresh, true)}`;
    return all;
  });
  options.onSeen?.();
  return submitted;
}

/** For certain: what it finds is on the disk when it answers. */
async function areThere({ run }: Pick<Scoped, 'run'>, { tenantId }: TenantScope, ids: readonly string[]) {
  const [row] = await run(
    { tenantId },
    (sql) => sql<{ jobs: number }[]>`
      select count(*)::int as jobs, ${flushed(sql)} from job
      where tenant_id = ${tenantId} and id = any(${[...ids]}::uuid[])`,
  );
  return row?.jobs === ids.length;
}

/** As part of a transaction that does more. Nobody is woken by it. */
export async function submitWithin(
  tx: TarsierTransaction,
  scope: TenantScope,
  jobs: readonly JobToSubmit[],
  options: SubmitOptions,
): Promise<readonly Submitted[]> {
  const submitted: Submitted[] = [];
  const fresh: (JobToSubmit & { readonly id: string; readonly blockedBy: number })[] = [];
  for (const job of jobs) {
    const id = newJobId(options.now);
    const known = job.key === undefined ? undefined : await takeKey(tx, scope, job.key, id, job.digest, options.now);
    submitted.push(known === undefined ? { id, isNew: true } : { id: known, isNew: false });
    if (known !== undefined) continue;
    fresh.push({ ...job, id, blockedBy: await dependOn(tx, scope, id, job.after) });
  }
  if (fresh.length > 0) await insertion(tx, scope, fresh, options, tx`1`);
  return submitted;
}

/** @returns the job that has the key already */
async function takeKey(
  tx: TarsierTransaction,
  { tenantId }: TenantScope,
  key: string,
  id: string,
  digest: string,
  now: UnixMs,
): Promise<string | undefined> {
  const taken = await tx`
    insert into job_key (tenant_id, key, job_id, digest, created_at) values (${tenantId}, ${key}, ${id}, ${digest}, ${now})
    on conflict do nothing`;
  if (taken.count === 1) return undefined;
  const [known] = await tx<{ job_id: string; digest: string }[]>`
    select job_id, digest from job_key where tenant_id = ${tenantId} and key = ${key}`;
  if (known?.digest !== digest) {
    throw new TarsierError('jobs/key', `key: ${JSON.stringify(key)} was used for another job before`, { field: 'key' });
  }
  return known.job_id;
}

/** @returns how many of them have not finished yet */
async function dependOn(
  tx: TarsierTransaction,
  { tenantId }: TenantScope,
  id: string,
  after: readonly string[],
): Promise<number> {
  const wanted = [...new Set(after)];
  if (wanted.length === 0) return 0;
  // Locked: none of them may finish between this look and the note that somebody waits for it.
  const found = await tx<{ id: string; state: string }[]>`
    select id, state from job where tenant_id = ${tenantId} and id = any(${wanted}::uuid[]) order by id for update`;
  for (const on of wanted) {
    const state = found.find((one) => one.id === on)?.state;
    if (state !== undefined && state !== 'failed' && state !== 'cancelled') continue;
    const why = state === undefined ? 'there is no such job' : `it has ${state}`;
    throw new TarsierError('jobs/after', `after: ${on}: ${why}`, { field: 'after' });
  }
  const open = found.filter(({ state }) => state !== 'succeeded').map(({ id: on }) => on);
  if (open.length === 0) return 0;
  await tx`
    insert into job_dependency (tenant_id, on_id, job_id)
    select ${tenantId}, on_id, ${id} from unnest(${open}::uuid[]) as on_id`;
  await tx`update job set has_dependents = true where tenant_id = ${tenantId} and id = any(${open}::uuid[])`;
  return open.length;
}

const startsNow = (startAt: UnixMs | undefined, now: UnixMs): boolean => startAt === undefined || startAt <= now;

type NumberedJob = JobToSubmit & { readonly id: string; readonly blockedBy: number };

/** What many jobs of one submission have in common, by the names that it is sent with. */
const common = {
  y: 'type',
  r: 'priority',
  u: 'startAt',
  m: 'maxAttempts',
  t: 'timeoutMs',
  b: 'baseMs',
  e: 'estimateMs',
  c: 'estimateCost',
  v: 'reserved',
  x: 'expectedStart',
  k: 'blockedBy',
  h: 'scheduleId',
} as const satisfies Readonly<Record<string, keyof NumberedJob>>;
const commonFields = Object.entries(common);

function commonOf(job: NumberedJob, now: UnixMs): Readonly<Record<string, unknown>> {
  const s = job.blockedBy > 0 ? 'blocked' : startsNow(job.startAt, now) ? 'waiting' : 'delayed';
  return { s, ...Object.fromEntries(commonFields.map(([name, field]) => [name, job[field]])) };
}

/** Hot where many are submitted at once: what they have in common is sent, and read, once. */
function insertion(
  sql: AnySql,
  { tenantId }: TenantScope,
  jobs: readonly NumberedJob[],
  { by, now }: SubmitOptions,
  answer: PendingQuery<Row[]>,
): PendingQuery<Row[]> {
  const commons: string[] = [];
  const places = new Map<string, number>();
  let last: NumberedJob | undefined;
  let place = 0;
  const of = jobs.map((job) => {
    if (last === undefined || !isAlike(last, job)) {
      const common = JSON.stringify(commonOf(job, now));
      place = places.get(common) ?? commons.push(common);
      places.set(common, place);
    }
    last = job;
    return place;
  });
  const payloads = storableJson(jobs.map(({ payload }) => payload ?? null));
  return sql`
    with added as (
      insert into job (tenant_id, id, type, state, priority, payload, submitted_by, created_at, due_at, max_attempts,
        timeout_ms, base_ms, estimate_ms, estimate_cost, reserved, expected_start, blocked_by, schedule_id)
      select ${tenantId}, i, y, s, r, d::jsonb, ${by}, ${now}, u, m, t, b, e, c, v, x, k, h
      from rows from (
        unnest(string_to_array(${jobs.map(({ id }) => id).join(',')}, ',')::uuid[]),
        unnest(string_to_array(${of.join(',')}, ',')::int[]), json_array_elements(${payloads}::text::json)
      ) as j(i, o, d)
      join rows from (
        json_to_recordset(${`[${commons.join(',')}]`}::text::json) as (y text, s text, r smallint, u bigint, m smallint,
          t int, b int, e int, c bigint, v bigint, x bigint, k int, h text)
      ) with ordinality as common(y, s, r, u, m, t, b, e, c, v, x, k, h, o) using (o)
    ), lane as (
      insert into job_lane (tenant_id, type) select ${tenantId}, '*'
      where not exists (select 1 from job_lane where tenant_id = ${tenantId} and type = '*')
      on conflict do nothing
    )
    select ${answer}`;
}

/** Of a cheap look: those that are not may still have the same in common. */
function isAlike(a: NumberedJob, b: NumberedJob): boolean {
  for (const [, field] of commonFields) if (a[field] !== b[field]) return false;
  return true;
}
