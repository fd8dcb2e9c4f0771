/** What is asked of the queue by people and programs: submitting, looking, changing. Workers have `runner.ts`. */
import { createHash } from 'node:crypto';
import {
  describeError,
  formatUsd,
  parseUsd,
  TarsierError,
  type Job,
  type JobState,
  type JobWaiting,
  type UnixMs,
} from '@tarsier/protocol';
import type {
  JobQueueResponse,
  JobResponse,
  JobSchedule,
  NewJob,
  NewSchedule,
  QuoteResponse,
} from '@tarsier/protocol/api';
import type { Log } from '../log.ts';
import type { Submitted, JobToSubmit } from '../storage/jobs/submit.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import { createLooks } from './looks.ts';
import { expectedStart, reasonsOf, type QueueSight, type WaitingJob } from './explain.ts';
import type { JobType, JobTypes } from './job-type.ts';
import { arithmeticOf, costOfMs } from './price.ts';
import { dueTimes, nextTime } from './schedule.ts';

export interface JobQueue {
  readonly types: JobTypes;
  /** All of them or none. @throws {TarsierError} `jobs/…` */
  submit(scope: TenantScope, jobs: readonly NewJob[], by: string): Promise<readonly Submitted[]>;
  /** What a job would cost, and when it would start. */
  quote(scope: TenantScope, job: Pick<NewJob, 'type' | 'payload' | 'priority'>): Promise<QuoteResponse>;
  /** @throws {TarsierError} `http/not-found` */
  describe(scope: TenantScope, id: string): Promise<JobResponse>;
  /** Why a job waits, and how long it should; undefined for one that does not. */
  waitingOf(scope: TenantScope, job: Job): Promise<JobWaiting | undefined>;
  /** @throws {TarsierError} `jobs/state` when it is in none for that */
  cancel(scope: TenantScope, id: string): Promise<JobResponse>;
  hold(scope: TenantScope, id: string): Promise<JobResponse>;
  release(scope: TenantScope, id: string): Promise<JobResponse>;
  replay(scope: TenantScope, which: Parameters<Storage['jobs']['replay']>[1]): Promise<readonly string[]>;
  state(scope: TenantScope): Promise<JobQueueResponse>;
  createSchedule(scope: TenantScope, schedule: NewSchedule): Promise<JobSchedule>;
  /** Submits what schedules want now. @returns how many jobs */
  fire(): Promise<number>;
}

/** Set aside for a run: so many times what it should cost, and at least what so long costs. */
const reserve = { times: 3, leastMs: 100 } as const;
/** Of what was learnt of how long jobs take, in days, and of what is in the queue, ms. */
const historyAges = { fresh: 10_000, most: 600_000 } as const;
const queueAges = { fresh: 1_000, most: 5_000 } as const;
const historyDays = 14;
/** So many runs as its type says them count beside those that were. */
const priorRuns = 5;
/** Most levels of a payload: PostgreSQL reads no more than a few thousand. */
const maxDepth = 100;

/** What runs of a type took so far. */
type History = Awaited<ReturnType<Storage['jobs']['history']>>;
type JobsAhead = Awaited<ReturnType<Storage['jobs']['ahead']>>;

export function createJobQueue({
  storage,
  types,
  pricePerSecond,
  log,
  now,
  onSubmitted = () => {},
}: {
  readonly storage: Pick<Storage, 'jobs'>;
  readonly types: JobTypes;
  /** Billionths of USD for a second of CPU. */
  readonly pricePerSecond: number;
  readonly log: Log;
  readonly now: () => number;
  /** Told so that a worker in the same process begins without being notified. */
  readonly onSubmitted?: () => void;
}): JobQueue {
  const { jobs } = storage;
  const histories = createLooks<string, History>(now, historyAges);
  const sights = createLooks<number, QueueSight>(now, queueAges);
  const aheads = createLooks<string, JobsAhead>(now, queueAges);

  function typeOf(name: string): JobType {
    const type = types.get(name);
    if (type !== undefined) return type;
    const known = [...types.keys()].join(', ');
    throw new TarsierError('jobs/type', `type: expected one of ${known}, got ${JSON.stringify(name)}`, {
      field: 'type',
    });
  }

  function historyOf(scope: TenantScope, type: string): Promise<History> {
    return histories.recent(`${scope.tenantId}/${type}`, () =>
      jobs.history(scope, type, now() - historyDays * 86_400_000),
    );
  }

  async function estimate(scope: TenantScope, type: JobType, payload: unknown) {
    return estimateBy(await historyOf(scope, type.name), type, payload);
  }

  function estimateBy({ runs, baseMs: said, meteredMs }: History, type: JobType, payload: unknown) {
    const baseMs = Math.min(Math.max(1, Math.ceil(type.estimateMs(payload))), 2 ** 31 - 1);
    const prior = priorRuns * baseMs;
    const factor = runs === 0 ? 1 : (meteredMs + prior) / (said + prior);
    const ms = Math.min(Math.max(1, Math.round(baseMs * factor)), 2 ** 31 - 1);
    return {
      baseMs,
      ms,
      runs,
      cost: costOfMs(ms, pricePerSecond),
      reserved: costOfMs(Math.max(reserve.times * ms, reserve.leastMs), pricePerSecond),
    };
  }

  async function toSubmit(scope: TenantScope, job: NewJob, expected: UnixMs | undefined): Promise<JobToSubmit> {
    const type = typeOf(job.type);
    return readyToSubmit(await historyOf(scope, type.name), type, job, expected);
  }

  function readyToSubmit(history: History, type: JobType, job: NewJob, expected: UnixMs | undefined): JobToSubmit {
    checkDepth(job.payload);
    const { baseMs, ms, cost, reserved } = estimateBy(history, type, job.payload);
    return {
      type: job.type,
      payload: job.payload,
      priority: job.priority,
      after: job.after,
      startAt: job.startAt,
      key: job.key,
      maxAttempts: job.maxAttempts ?? type.limits.maxAttempts,
      timeoutMs: job.timeoutMs ?? type.limits.timeoutMs,
      digest: digestOf(job),
      baseMs,
      estimateMs: ms,
      estimateCost: cost,
      reserved,
      expectedStart: job.startAt ?? expected,
    };
  }

  function sightOf(scope: TenantScope, kind: JobType['runs']): Promise<QueueSight> {
    return sights.look(scope.tenantId, () => lookAt(scope, kind));
  }

  async function recentSightOf(scope: TenantScope, kind: JobType['runs']): Promise<QueueSight> {
    return { ...(await sights.recent(scope.tenantId, () => lookAt(scope, kind))), kind, now: now() };
  }

  /** How much goes before one that is submitted now. */
  function recentAheadOf(scope: TenantScope, priority: number): Promise<JobsAhead> {
    return aheads.recent(`${scope.tenantId}/${priority}`, () => jobs.ahead(scope, { id: lastId, priority }));
  }

  async function lookAt(scope: TenantScope, kind: JobType['runs']): Promise<QueueSight> {
    const [view, budgets, workers] = await Promise.all([
      jobs.work.view(),
      jobs.budgetViews(scope, now()),
      jobs.work.workers(),
    ]);
    return { view, budgets, workers, kind, kindOf: (type) => types.get(type)?.runs, now: now() };
  }

  async function find(scope: TenantScope, id: string): Promise<Job> {
    const [job] = await jobs.find(scope, [id]);
    if (job === undefined) throw new TarsierError('http/not-found', `there is no job ${id}`);
    return job;
  }

  async function describe(scope: TenantScope, id: string): Promise<JobResponse> {
    const job = await find(scope, id);
    if (job.finishedAt !== undefined) {
      const later = job.estimate.start === undefined ? undefined : (job.startedAt ?? 0) - job.estimate.start;
      const ms = job.meteredMs / job.estimate.ms;
      return { job, accuracy: { ms, ...(later === undefined ? {} : { startedLaterMs: later }) } };
    }
    const waiting = await waitingOf(scope, job);
    return { job, ...(waiting === undefined ? {} : { waiting }) };
  }

  async function waitingOf(scope: TenantScope, job: Job): Promise<JobWaiting | undefined> {
    if (job.finishedAt !== undefined || job.state === 'running') return undefined;
    const ahead = await jobs.ahead(scope, job);
    const kind = types.get(job.type)?.runs ?? 'inline';
    const sight = await sightOf(scope, kind);
    const reserved = Math.max(
      reserve.times * (parseUsd(job.estimate.cost) ?? 0),
      costOfMs(reserve.leastMs, pricePerSecond),
    );
    const waiting: WaitingJob = { ...job, tenantId: scope.tenantId, reserved, ahead };
    const start = expectedStart(waiting, sight);
    return {
      reasons: reasonsOf(waiting, sight),
      ahead: ahead.jobs,
      ...(start === undefined ? {} : { expectedStart: start }),
    };
  }

  /** Nobody waits for it: who shows jobs is told a moment later. */
  function tell(scope: TenantScope, ids: readonly string[]): void {
    void jobs.tellChanged(scope, ids).catch((error: unknown) => {
      log.warn('that jobs have changed was not told', { error: describeError(error) });
    });
  }

  async function change(
    scope: TenantScope,
    id: string,
    what: string,
    act: () => Promise<boolean>,
  ): Promise<JobResponse> {
    const changed = await act();
    const described = await describe(scope, id);
    if (changed) {
      tell(scope, [id]);
      return described;
    }
    throw new TarsierError('jobs/state', `a job that is ${described.job.state} can not be ${what}`);
  }

  return {
    types,
    async submit(scope, wanted, by) {
      // A single one gets to know when it should start; for thousands at once that would be the dearest part.
      const [only] = wanted;
      const quoted = wanted.length === 1 && only?.startAt === undefined && only !== undefined;
      const expected = quoted ? await startOf(scope, only) : undefined;
      const kinds = new Map<string, { readonly type: JobType; readonly history: History }>();
      const ready: JobToSubmit[] = [];
      for (const [index, job] of wanted.entries()) {
        try {
          let kind = kinds.get(job.type);
          if (kind === undefined) {
            const type = typeOf(job.type);
            kinds.set(job.type, (kind = { type, history: await historyOf(scope, type.name) }));
          }
          ready.push(readyToSubmit(kind.history, kind.type, job, expected));
        } catch (error) {
          if (wanted.length === 1 || !(error instanceof TarsierError)) throw error;
          throw new TarsierError(error.code, `jobs.${index}.${error.message}`, {
            field: `jobs.${index}.${error.field}`,
          });
        }
      }
      return jobs.submit(scope, ready, { by, now: now(), onSeen: onSubmitted });
    },
    async quote(scope, { type: name, payload, priority }) {
      const type = typeOf(name);
      const { ms, runs, cost, reserved } = await estimate(scope, type, payload);
      const sight = await sightOf(scope, type.runs);
      const ahead = await jobs.ahead(scope, { id: lastId, priority });
      const job: WaitingJob = { type: name, state: 'waiting', tenantId: scope.tenantId, reserved, ahead };
      const start = expectedStart(job, sight);
      return {
        type: name,
        ms,
        cost: formatUsd(cost),
        reserved: formatUsd(reserved),
        arithmetic: arithmeticOf(ms, pricePerSecond),
        basedOnRuns: runs,
        waitsFor: reasonsOf(job, sight),
        ...(start === undefined ? {} : { expectedStart: start }),
      };
    },
    describe,
    waitingOf,
    cancel: (scope, id) =>
      change(scope, id, 'cancelled', async () => (await jobs.cancel(scope, id, now())) !== undefined),
    hold: (scope, id) => change(scope, id, 'held', () => jobs.hold(scope, id)),
    release: (scope, id) => change(scope, id, 'released', () => jobs.release(scope, id, now())),
    async replay(scope, which) {
      const ids = await jobs.replay(scope, which);
      if (ids.length > 0) tell(scope, ids);
      else if ('id' in which) {
        const { state }: { state: JobState } = await find(scope, which.id);
        throw new TarsierError('jobs/state', `a job that is ${state} can not be run again`);
      }
      return ids;
    },
    async state(scope) {
      const [counts, workers] = await Promise.all([jobs.laneCounts(scope), jobs.work.workers()]);
      return {
        weight: counts.find(({ type }) => type === '*')?.weight ?? 1,
        lanes: counts.map(({ type, waiting, running, maxRunning, paused }) => ({
          type,
          waiting,
          running,
          maxRunning,
          paused,
        })),
        workers: workers.length,
        slots: workers.reduce((sum, { threads }) => sum + threads, 0),
      };
    },
    async createSchedule(scope, schedule) {
      const type = typeOf(schedule.type);
      checkDepth(schedule.payload);
      type.estimateMs(schedule.payload);
      const nextAt = nextTime(schedule, now());
      return jobs.createSchedule(scope, schedule, schedule.enabled ? nextAt : null, now());
    },
    fire: () =>
      jobs.fireSchedules(now(), async (scope, schedule) => {
        const { times, nextAt } = dueTimes(schedule, now());
        // A type that is gone is not worth waking for again and again.
        if (!types.has(schedule.type)) return { jobs: [], nextAt };
        const ready: JobToSubmit[] = [];
        try {
          for (const time of times) {
            const key = `schedule ${schedule.id} ${time}`;
            const { type, payload, priority } = schedule;
            const job = await toSubmit(scope, { type, payload, priority, after: [], key }, undefined);
            ready.push({ ...job, scheduleId: schedule.id });
          }
        } catch (error) {
          // Its type wants another payload by now: the others must not wait behind it.
          log.warn('a schedule submits nothing', { schedule: schedule.id, error: describeError(error) });
        }
        return { jobs: ready, nextAt };
      }),
  };

  async function startOf(scope: TenantScope, { type: name, payload, priority }: NewJob): Promise<UnixMs | undefined> {
    const type = typeOf(name);
    const [{ reserved }, sight] = await Promise.all([estimate(scope, type, payload), recentSightOf(scope, type.runs)]);
    const own = sight.view.tenants.find(({ tenantId }) => tenantId === scope.tenantId);
    const backlog = own?.lanes.some(({ waiting }) => waiting) ?? false;
    const ahead = backlog ? await recentAheadOf(scope, priority) : { jobs: 0, estimateMs: 0 };
    const job: WaitingJob = { type: name, state: 'waiting', tenantId: scope.tenantId, reserved, ahead };
    return expectedStart(job, sight);
  }
}

/** Of what was submitted, to tell the same key for something else. */
function digestOf({ key, ...rest }: NewJob): string {
  return key === undefined ? '' : createHash('sha256').update(JSON.stringify(rest)).digest('base64url');
}

/** After every other. */
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

function checkDepth(value: unknown, depth = 0): void {
  if (depth > maxDepth) {
    throw new TarsierError('jobs/payload', `payload: expected at most ${maxDepth} levels`, { field: 'payload' });
  }
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) checkDepth(inner, depth + 1);
}
