/** Jobs as rows: what each verb does is in the file of its name. */
import type { Job, JobEvent, JobState, UnixMs } from '@tarsier/protocol';
import type { JobSchedule, NewSchedule } from '@tarsier/protocol/api';
import type { TenantScope } from '../../tenant.ts';
import type { Database } from '../database.ts';
import { budgetViews, createClaim, queueView, type BudgetView, type Claim, type QueueView } from './claim.ts';
import { cancelJob, holdJob, releaseJob, replayJobs } from './control.ts';
import { finishRuns, type Finished, type Outcome } from './finish.ts';
import { changedStatement, listenForHints, tellChanged, type JobHint } from './hints.ts';
import {
  jobUsage,
  laneCounts,
  laneHistory,
  setLane,
  type LaneCount,
  type LaneSettings,
  type UsageRow,
} from './lanes.ts';
import {
  addJobEvents,
  findJobs,
  jobEvents,
  jobsAhead,
  listJobs,
  setProgress,
  type JobListFilter,
  type NewJobEvent,
} from './read.ts';
import { createSchedule, deleteSchedule, fireSchedules, listSchedules, type Firing } from './schedules.ts';
import { submitJobs, type JobToSubmit, type SubmitOptions, type Submitted } from './submit.ts';
import {
  expireJobs,
  renewLeases,
  sweepJobs,
  vacuumJobs,
  type HeldRun,
  type JobRetention,
  type LeaseView,
  type RenewedRun,
  type SweepResult,
} from './upkeep.ts';
import { deleteWorker, listWorkers, saveWorker, type JobWorkerRow } from './workers.ts';

export interface Jobs {
  submit(scope: TenantScope, jobs: readonly JobToSubmit[], options: SubmitOptions): Promise<readonly Submitted[]>;
  find(scope: TenantScope, ids: readonly string[]): Promise<readonly Job[]>;
  list(scope: TenantScope, filter: JobListFilter): Promise<readonly Job[]>;
  events(
    scope: TenantScope,
    id: string,
    range: { readonly after: number; readonly limit: number },
  ): Promise<readonly JobEvent[]>;
  ahead(
    scope: TenantScope,
    job: Pick<Job, 'id' | 'priority'>,
  ): Promise<{ readonly jobs: number; readonly estimateMs: number }>;

  cancel(scope: TenantScope, id: string, now: UnixMs): Promise<JobState | undefined>;
  hold(scope: TenantScope, id: string): Promise<boolean>;
  release(scope: TenantScope, id: string, now: UnixMs): Promise<boolean>;
  replay(scope: TenantScope, which: Parameters<typeof replayJobs>[2]): Promise<readonly string[]>;

  setLane(scope: TenantScope, type: string, settings: LaneSettings): Promise<void>;
  laneCounts(scope: TenantScope): Promise<readonly LaneCount[]>;
  history(
    scope: TenantScope,
    type: string,
    since: UnixMs,
  ): Promise<{ readonly runs: number; readonly baseMs: number; readonly meteredMs: number }>;
  usage(scope: TenantScope, since: UnixMs): Promise<readonly UsageRow[]>;
  budgetViews(scope: TenantScope, now: UnixMs): Promise<readonly BudgetView[]>;

  schedules(scope: TenantScope): Promise<readonly JobSchedule[]>;
  createSchedule(scope: TenantScope, schedule: NewSchedule, nextAt: UnixMs | null, now: UnixMs): Promise<JobSchedule>;
  deleteSchedule(scope: TenantScope, id: string): Promise<boolean>;
  fireSchedules(now: UnixMs, decide: (scope: TenantScope, schedule: JobSchedule) => Promise<Firing>): Promise<number>;

  /** Of all tenants: for workers. */
  /** Tells who shows jobs that these have changed, once they have. */
  tellChanged(scope: TenantScope, ids: readonly string[]): Promise<void>;
  readonly work: {
    readonly claim: Claim;
    view(): Promise<QueueView>;
    finish(outcomes: readonly Outcome[], now: UnixMs): Promise<readonly Finished[]>;
    renew(runs: readonly HeldRun[], leaseMs: number): Promise<readonly RenewedRun[]>;
    progress(runs: Parameters<typeof setProgress>[1]): Promise<void>;
    addEvents(events: readonly NewJobEvent[]): Promise<void>;
    sweep(options: {
      readonly now: UnixMs;
      readonly leaseMs: number;
      readonly presumedLost: readonly LeaseView[];
    }): Promise<SweepResult>;
    expire(now: UnixMs, retention: JobRetention): Promise<number>;
    vacuum(): Promise<void>;
    tellChanged(tenantId: number, ids: readonly string[]): Promise<void>;
    listen(onHint: (hint: JobHint) => void): Promise<() => Promise<void>>;
    saveWorker(worker: JobWorkerRow): Promise<void>;
    deleteWorker(id: string): Promise<void>;
    workers(): Promise<readonly JobWorkerRow[]>;
  };
}

export function createJobs({ jobs }: Database): Jobs {
  const { begin, run, work: sql } = jobs;
  return {
    submit: (scope, wanted, options) => submitJobs(jobs, scope, wanted, options),
    find: (scope, ids) => begin(scope, (tx) => findJobs(tx, scope, ids)),
    list: (scope, filter) => begin(scope, (tx) => listJobs(tx, scope, filter)),
    events: (scope, id, range) => begin(scope, (tx) => jobEvents(tx, scope, id, range)),
    ahead: (scope, job) => begin(scope, (tx) => jobsAhead(tx, scope, job)),
    cancel: (scope, id, now) => begin(scope, (tx) => cancelJob(tx, scope, id, now)),
    hold: (scope, id) => begin(scope, (tx) => holdJob(tx, scope, id)),
    release: (scope, id, now) => begin(scope, (tx) => releaseJob(tx, scope, id, now)),
    replay: (scope, which) => begin(scope, (tx) => replayJobs(tx, scope, which)),
    setLane: (scope, type, settings) => begin(scope, (tx) => setLane(tx, scope, type, settings)),
    laneCounts: (scope) => begin(scope, (tx) => laneCounts(tx, scope)),
    history: (scope, type, since) => begin(scope, (tx) => laneHistory(tx, scope, type, since)),
    usage: (scope, since) => begin(scope, (tx) => jobUsage(tx, scope, since)),
    budgetViews: (scope, now) => begin(scope, (tx) => budgetViews(tx, scope.tenantId, now)),
    schedules: (scope) => begin(scope, (tx) => listSchedules(tx, scope)),
    createSchedule: (scope, schedule, nextAt, now) =>
      begin(scope, (tx) => createSchedule(tx, scope, schedule, nextAt, now)),
    deleteSchedule: (scope, id) => begin(scope, (tx) => deleteSchedule(tx, scope, id)),
    fireSchedules: (now, decide) => fireSchedules(sql, now, decide),
    async tellChanged(scope, ids) {
      await run(scope, (sql) => changedStatement(sql, scope.tenantId, ids));
    },
    work: {
      claim: createClaim(jobs.claims),
      view: () => queueView(sql),
      finish: (outcomes, now) => finishRuns(sql, outcomes, now),
      renew: (runs, leaseMs) => renewLeases(sql, runs, leaseMs),
      progress: (runs) => setProgress(sql, runs),
      addEvents: (events) => addJobEvents(sql, events),
      sweep: (options) => sweepJobs(sql, options),
      expire: (now, retention) => expireJobs(sql, now, retention),
      vacuum: () => vacuumJobs(sql),
      tellChanged: (tenantId, ids) => tellChanged(sql, tenantId, ids),
      listen: (onHint) => listenForHints(sql, onHint),
      saveWorker: (worker) => saveWorker(sql, worker),
      deleteWorker: (id) => deleteWorker(sql, id),
      workers: () => listWorkers(sql),
    },
  };
}
