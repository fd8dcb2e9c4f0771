/** Why a job waits, in words, and when it should start. */
import { formatUsd, type Job, type UnixMs } from '@tarsier/protocol';
import type { BudgetView, LaneView, QueueView } from '../storage/jobs/claim.ts';
import type { JobWorkerRow } from '../storage/jobs/workers.ts';

export interface QueueSight {
  readonly view: QueueView;
  readonly budgets: readonly BudgetView[];
  readonly workers: readonly JobWorkerRow[];
  readonly kind: 'thread' | 'inline';
  readonly kindOf: (type: string) => 'thread' | 'inline' | undefined;
  readonly now: UnixMs;
}

/** What there is to know of a job, or of one that is only thought of. */
export interface WaitingJob extends Pick<Job, 'type' | 'state'> {
  readonly tenantId: number;
  readonly dueAt?: UnixMs;
  readonly error?: Job['error'];
  /** Billionths of USD. */
  readonly reserved: number;
  readonly ahead: { readonly jobs: number; readonly estimateMs: number };
}

export function reasonsOf(job: WaitingJob, sight: QueueSight): readonly string[] {
  switch (job.state) {
    case 'held':
      return ['it is held until somebody releases it'];
    case 'blocked':
      return ['jobs that it comes after have not finished'];
    case 'delayed': {
      const when = `it is to start at ${new Date(job.dueAt ?? 0).toISOString()}`;
      return [job.error === undefined ? when : `${when}, because an attempt failed: ${job.error.message}`];
    }
    case 'waiting':
      return waitingReasons(job, sight);
    default:
      return [];
  }
}

function waitingReasons(job: WaitingJob, { view, budgets, workers, kind, kindOf }: QueueSight): readonly string[] {
  const able = workers.filter(({ types }) => types.includes(job.type));
  if (able.length === 0) return [`no worker runs jobs of type ${job.type}`];
  const tenant = view.tenants.find(({ tenantId }) => tenantId === job.tenantId);
  const lanes = tenant?.lanes ?? [];
  const lane = lanes.find(({ type }) => type === job.type);
  const running = lanes.reduce((sum, one) => sum + one.running, 0);
  const reasons: string[] = [];
  if (tenant?.paused === true) reasons.push('the jobs of its tenant are paused');
  if (lane?.paused === true) reasons.push(`jobs of type ${job.type} are paused`);
  const most = tenant?.maxRunning ?? null;
  if (most !== null && running >= most) reasons.push(`${running} jobs of its tenant run, which is the most it may`);
  if (lane !== undefined && lane.maxRunning !== null && lane.running >= lane.maxRunning) {
    reasons.push(`${lane.running} jobs of type ${job.type} run, which is the most there may`);
  }
  for (const { type, amount, left } of budgets) {
    if (type !== '*' && type !== job.type) continue;
    const free = left - reservedBy(lanes, type);
    if (free >= job.reserved) continue;
    const of = type === '*' ? 'jobs' : `jobs of type ${type}`;
    reasons.push(
      `the budget of ${formatUsd(amount)} USD for ${of} has ${formatUsd(Math.max(0, free))} left, and ${formatUsd(job.reserved)} are set aside for it`,
    );
  }
  if (job.ahead.jobs > 0) reasons.push(`${job.ahead.jobs} jobs of its tenant go first`);
  const places = able.reduce((sum, worker) => sum + (kind === 'thread' ? worker.threads : worker.inline), 0);
  const busy = view.tenants
    .flatMap((one) => one.lanes)
    .reduce((sum, one) => sum + (kindOf(one.type) === kind ? one.running : 0), 0);
  if (busy >= places) {
    const others = view.tenants.filter((one) => one.tenantId !== job.tenantId && one.lanes.some((of) => of.waiting));
    reasons.push(
      others.length === 0
        ? `all ${places} places are taken`
        : `all ${places} places are taken, and ${others.length} other tenants wait for their share`,
    );
  }
  return reasons;
}

/** Undefined when nothing says when: it is held, paused, over a budget, or nobody can run it. */
export function expectedStart(
  job: WaitingJob,
  { view, budgets, workers, kind, kindOf, now }: QueueSight,
): UnixMs | undefined {
  if (job.state === 'delayed') return job.dueAt;
  if (job.state !== 'waiting') return undefined;
  const able = workers.filter(({ types }) => types.includes(job.type));
  const tenant = view.tenants.find(({ tenantId }) => tenantId === job.tenantId);
  const lanes = tenant?.lanes ?? [];
  const lane = lanes.find(({ type }) => type === job.type);
  const unpayable = budgets.some(
    ({ type, left }) => (type === '*' || type === job.type) && left - reservedBy(lanes, type) < job.reserved,
  );
  if (able.length === 0 || tenant?.paused === true || lane?.paused === true || unpayable) return undefined;
  const places = able.reduce((sum, worker) => sum + (kind === 'thread' ? worker.threads : worker.inline), 0);
  const wanting = view.tenants.filter((one) => one.lanes.some(({ waiting, type }) => waiting && kindOf(type) === kind));
  const weight = tenant?.weight ?? 1;
  const others = wanting.filter((one) => one.tenantId !== job.tenantId).reduce((sum, one) => sum + one.weight, 0);
  const share = Math.min(
    (places * weight) / (weight + others),
    tenant?.maxRunning ?? Number.POSITIVE_INFINITY,
    lane?.maxRunning ?? Number.POSITIVE_INFINITY,
  );
  return Math.round(now + job.ahead.estimateMs / Math.max(share, 0.01));
}

function reservedBy(lanes: readonly LaneView[], type: string): number {
  return lanes.reduce((sum, lane) => sum + (type === '*' || type === lane.type ? lane.reserved : 0), 0);
}
