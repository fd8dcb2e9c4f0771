/**
 * Runs jobs: claims as many as there are places, holds their leases, watches their limits, and writes how they ended.
 * A lease is held by a clock that only goes forward: whoever could not renew it in time ends the run before another
 * may begin it.
 */
import { randomUUID } from 'node:crypto';
import { describeError, TarsierError, type JobError } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { ClaimedJob } from '../storage/jobs/claim.ts';
import type { Outcome } from '../storage/jobs/finish.ts';
import type { JobHint } from '../storage/jobs/hints.ts';
import type { LeaseView } from '../storage/jobs/upkeep.ts';
import type { Storage } from '../storage/storage.ts';
import { nextAttemptAt } from './backoff.ts';
import { fairShare } from './fair-share.ts';
import { createFinisher } from './finisher.ts';
import type { JobTypes } from './job-type.ts';
import { createJournal } from './journal.ts';
import { costOfMs, defaultPricePerSecond } from './price.ts';
import { startRun, type Run, type RunJournal } from './run.ts';
import type { ThreadPool } from './threads/thread-pool.ts';
import type { JobRooms } from './threads/rooms.ts';

export interface RunnerOptions {
  /** CPU-heavy jobs at once. */
  readonly threads: number;
  /** Those compute only with what all others leave of a core. */
  readonly yields: boolean;
  /** Others at once. */
  readonly inline: number;
  readonly leaseMs: number;
  /** How often it looks although nobody told it to. */
  readonly pollMs: number;
  /** How long one that was asked to end may take to. */
  readonly graceMs: number;
  /** Billionths of USD for a second of CPU. */
  readonly pricePerSecond: number;
}

/** Between two looks for due jobs: what can not be taken just now stays due. */
const shortestWaitMs = 20;

export const defaultRunnerOptions: RunnerOptions = {
  threads: 1,
  yields: false,
  inline: 1_000,
  leaseMs: 10_000,
  pollMs: 1_000,
  graceMs: 5_000,
  pricePerSecond: defaultPricePerSecond,
};

export interface Runner {
  readonly id: string;
  /** Something may be claimed. */
  wake(): void;
  hint(hint: JobHint): void;
  /** Runs that go on. */
  readonly running: number;
  /** Ends what runs, gives it back, and writes what there is. */
  stop(): Promise<void>;
}

/** Claimed in one statement. */
const mostPerClaim = 500;
/** How long before its lease ends a run that could not renew it is ended, as a share of the lease. */
const lastMoment = 0.8;
/** Ends that are written before the table is vacuumed. */
const endsPerVacuum = 20_000;

export function createRunner({
  storage,
  types,
  pool,
  rooms,
  log,
  options,
  name = 'collector',
  now = Date.now,
  random = Math.random,
}: {
  readonly storage: Storage;
  readonly types: JobTypes;
  readonly pool: ThreadPool;
  readonly rooms: JobRooms;
  readonly log: Log;
  readonly options: RunnerOptions;
  readonly name?: string;
  readonly now?: () => number;
  readonly random?: () => number;
}): Runner {
  const { work } = storage.jobs;
  const id = randomUUID();
  const startedAt = now();
  const runs = new Map<string, Run>();
  const places = { thread: options.threads, inline: options.inline };
  const claimable = [...types.values()].filter(({ runs: kind }) => places[kind] > 0).map((type) => type.name);
  /** Leases too far ahead, and when each was first seen so. */
  const implausible = new Map<string, { readonly lease: LeaseView; readonly since: number }>();
  let stopping = false;
  /** Until each run's end is with the finisher. */
  const ending = new Set<Promise<void>>();
  let claiming: Promise<void> | undefined;
  let again = false;
  /** Something may wait for the end of a run: where nothing does, there is nothing to look for after one. */
  let isLeft = true;
  let endsSinceVacuum = 0;
  let dueTimer: NodeJS.Timeout | undefined;

  const journal = createJournal({ jobs: work, log, now });
  const finisher = createFinisher({
    jobs: work,
    log,
    now,
    onDone(outcomes, counted) {
      for (const outcome of outcomes) forget(outcome.id, outcome.fence);
      for (const { tenantId, id: job } of counted) journal.changed(tenantId, job);
      endsSinceVacuum += outcomes.length;
      if (isLeft) wake();
    },
  });

  function forget(job: string, fence: number): void {
    // It may have been claimed again meanwhile.
    if (runs.get(job)?.job.fence !== fence) return;
    const kind = types.get(runs.get(job)?.job.type ?? '')?.runs ?? 'inline';
    runs.delete(job);
    places[kind]++;
  }

  /** What became of a run decides what becomes of its job. */
  function outcomeOf(run: Run, ended: Awaited<Run['ended']>): Outcome {
    const { tenantId, id: job, fence, attempt, maxAttempts } = run.job;
    const meteredMs = Math.ceil(ended.meteredMs);
    // More than was set aside is not charged: a budget is never exceeded.
    const cost = Math.min(costOfMs(meteredMs, options.pricePerSecond), run.reserved);
    const facts = { tenantId, id: job, fence, meteredMs, cost };
    if (ended.kind === 'done') return { ...facts, state: 'succeeded', result: ended.result };
    const { error } = ended;
    if (run.endedBy === 'stop') return { ...facts, state: 'waiting' };
    if (run.endedBy === 'cancel') return { ...facts, state: 'cancelled', error };
    journal.event(run.job, 'attempt', { attempt, error });
    if (!error.retryable || attempt >= maxAttempts) return { ...facts, state: 'failed', error };
    return { ...facts, state: 'delayed', error, dueAt: nextAttemptAt(attempt, now(), random) };
  }

  /** @param claimed  resolves when it is this worker's for certain: nothing of it can be written before */
  function start(job: ClaimedJob, claimedAt: number, claimed: Certainty): Run | undefined {
    const type = types.get(job.type);
    if (type === undefined) return undefined;
    places[type.runs]--;
    const run = startRun({
      job,
      type,
      pool,
      rooms,
      journal: claimed.journal,
      graceMs: options.graceMs,
      claimedAt,
      now: now(),
    });
    runs.set(job.id, run);
    claimed.after(() => journal.changed(job.tenantId, job.id));
    const over = run.ended.then(async (ended) => {
      if (!claimed.isDone) await claimed.done;
      if (run.endedBy === 'lost') {
        forget(job.id, job.fence);
        return;
      }
      const outcome = outcomeOf(run, ended);
      // Progress counts while the run goes on, and who reads that a job has ended wants all that it told.
      const writing = journal.written(job.id);
      if (writing !== undefined) await writing;
      finisher.add(outcome);
    });
    ending.add(over);
    const forgotten = (): void => void ending.delete(over);
    over.then(forgotten, forgotten);
    return run;
  }

  async function claim(): Promise<void> {
    do {
      again = false;
      const inline = places.inline < options.inline / 2 && places.inline < mostPerClaim ? 0 : places.inline;
      const free = { thread: places.thread, inline: Math.min(inline, mostPerClaim) };
      if (free.thread <= 0 && free.inline <= 0) {
        isLeft = true;
        break;
      }
      const claimedAt = performance.now();
      const plan = fairShare(claimable, { free, kindOf: (type) => types.get(type)?.runs ?? 'inline' });
      const claimed = createCertainty(journal);
      const begun: Run[] = [];
      const lose = (): void => {
        const lost = { code: 'jobs/lost', message: 'that it was claimed was not written', retryable: true };
        for (const run of begun) run.end('lost', lost);
        claimed.finish();
      };
      try {
        const { result, onDisk } = await work.claim(
          { worker: id, leaseMs: options.leaseMs, now: now() },
          plan,
          (jobs) => {
            for (const job of jobs) {
              const run = start(job, claimedAt, claimed);
              if (run !== undefined) begun.push(run);
            }
          },
        );
        isLeft = result.left;
        onDisk.then(
          () => claimed.finish(),
          (error: unknown) => {
            log.warn('that jobs were claimed was not written', { error: describeError(error) });
            lose();
          },
        );
      } catch (error) {
        isLeft = true;
        lose();
        throw error;
      }
      if (begun.length > 0 && isLeft) again = true;
    } while (again && !stopping);
  }

  function wake(): void {
    if (stopping) return;
    again = true;
    claiming ??= claim()
      .catch((error: unknown) => log.warn('jobs were not claimed', { error: describeError(error) }))
      .finally(() => (claiming = undefined));
  }

  async function renew(): Promise<void> {
    const held = [...runs.values()].filter(({ endedBy }) => endedBy !== 'lost');
    if (held.length === 0) return;
    const askedAt = performance.now();
    const renewed = await work.renew(
      held.map(({ job, reserved }) => ({ tenantId: job.tenantId, id: job.id, fence: job.fence, reserved })),
      options.leaseMs,
    );
    const still = new Map(renewed.map((one) => [one.id, one]));
    for (const run of held) {
      const one = still.get(run.job.id);
      if (one === undefined) {
        // Those whose end is being written are no longer running: that is no loss.
        if (!run.isOver) run.end('lost', { code: 'jobs/lost', message: 'another worker has it', retryable: true });
        continue;
      }
      run.heldSince = askedAt;
      if (one.cancelRequested && !run.isOver) {
        run.end('cancel', { code: 'jobs/cancelled', message: 'it was cancelled', retryable: false });
      }
    }
  }

  async function watch(): Promise<void> {
    for (const run of runs.values()) {
      if (run.isOver) continue;
      if (performance.now() - run.heldSince > options.leaseMs * lastMoment) {
        run.end('lost', { code: 'jobs/lost', message: 'its lease could not be renewed', retryable: true });
        continue;
      }
      const overrun = await run.check();
      if (overrun !== undefined) run.end('limit', overrun);
      else if (costOfMs(run.meteredMs, options.pricePerSecond) > run.reserved) await reserveMore(run);
    }
  }

  /** It takes more than was thought: as long as the budgets allow. */
  async function reserveMore(run: Run): Promise<void> {
    const { tenantId, tenant, type } = run.job;
    const wanted = 2 * costOfMs(run.meteredMs, options.pricePerSecond);
    const [budgets, view] = await Promise.all([storage.jobs.budgetViews({ tenantId, tenant }, now()), work.view()]);
    const lanes = view.tenants.find((one) => one.tenantId === tenantId)?.lanes ?? [];
    for (const { type: of, left, amount } of budgets) {
      if (of !== '*' && of !== type) continue;
      const others = lanes.reduce((sum, lane) => sum + (of === '*' || of === lane.type ? lane.reserved : 0), 0);
      if (left - (others - run.reserved) >= wanted) continue;
      return run.end('limit', budgetError(amount));
    }
    run.reserved = wanted;
  }

  async function sweep(): Promise<void> {
    const presumedLost = [...implausible.values()].filter(({ since }) => performance.now() - since > options.leaseMs);
    const found = await work.sweep({
      now: now(),
      leaseMs: options.leaseMs,
      presumedLost: presumedLost.map(({ lease }) => lease),
    });
    for (const { tenantId, id: job } of found.takenOver) journal.changed(tenantId, job);
    if (found.takenOver.length > 0) log.warn('jobs of a worker that is gone', { jobs: found.takenOver.length });
    const seen = new Map(found.implausible.map((lease) => [`${lease.tenantId}/${lease.id}/${lease.fence}`, lease]));
    for (const key of implausible.keys()) if (!seen.has(key)) implausible.delete(key);
    for (const [key, lease] of seen) {
      if (!implausible.has(key)) implausible.set(key, { lease, since: performance.now() });
    }
    clearTimeout(dueTimer);
    const wait = (found.nextDueAt ?? Number.POSITIVE_INFINITY) - now();
    if (wait < options.pollMs)
      dueTimer = setTimeout(() => void guarded('looking for due jobs', sweep), Math.max(shortestWaitMs, wait));
    wake();
  }

  async function guarded(what: string, chore: () => Promise<void>): Promise<void> {
    if (stopping) return;
    try {
      await chore();
    } catch (error) {
      log.warn(`${what} failed`, { error: describeError(error) });
    }
  }

  const repeat = (ms: number, what: string, chore: () => Promise<void>): (() => Promise<void>) => {
    let running = Promise.resolve();
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      running = guarded(what, chore).finally(() => (busy = false));
    }, ms);
    timer.unref();
    return () => {
      clearInterval(timer);
      return running;
    };
  };
  const chores = [
    repeat(options.leaseMs / 4, 'renewing leases', renew),
    repeat(Math.min(500, options.leaseMs / 10), 'watching jobs', watch),
    repeat(options.pollMs, 'looking for jobs that were left', sweep),
    repeat(5_000, 'telling of this worker', async () => {
      const running = runs.size;
      const { threads, inline } = options;
      await work.saveWorker({ id, name, startedAt, threads, inline, running, types: claimable });
      if (endsSinceVacuum < endsPerVacuum) return;
      endsSinceVacuum = 0;
      await work.vacuum();
    }),
  ];
  const [heavy] = [...types.values()].filter(({ runs: kind }) => kind === 'thread');
  if (options.threads > 0 && heavy !== undefined) pool.warm(heavy.limits.memoryMb);
  void guarded('telling of this worker', async () => {
    const { threads, inline } = options;
    await work.saveWorker({ id, name, startedAt, threads, inline, running: 0, types: claimable });
  });
  wake();

  return {
    id,
    wake,
    hint({ kind }) {
      if (kind === 'wake') wake();
      else if (kind === 'cancel') void guarded('renewing leases', renew);
    },
    get running() {
      return runs.size;
    },
    async stop() {
      stopping = true;
      clearTimeout(dueTimer);
      await claiming;
      for (const run of runs.values()) {
        if (!run.isOver) run.end('stop', { code: 'jobs/stopped', message: 'its worker stops', retryable: true });
      }
      await Promise.all(ending);
      await finisher.drained();
      await Promise.all(chores.map((stop) => stop()));
      await journal.close();
      await work.deleteWorker(id).catch(() => {});
      await pool.close();
    },
  };
}

/** Whether jobs that have begun are this worker's for certain. */
interface Certainty {
  readonly isDone: boolean;
  readonly done: Promise<void>;
  /** At once where it is, in order. */
  after(what: () => void): void;
  /** What a run tells, from then on. */
  readonly journal: RunJournal;
  finish(): void;
}

function createCertainty(journal: RunJournal): Certainty {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const waiting: (() => void)[] = [];
  let isDone = false;
  const after = (what: () => void): void => {
    if (isDone) what();
    else waiting.push(what);
  };
  return {
    get isDone() {
      return isDone;
    },
    done,
    after,
    journal: {
      progress: (key, progress) => after(() => journal.progress(key, progress)),
      event: (key, kind, body) => after(() => journal.event(key, kind, body)),
    },
    finish() {
      isDone = true;
      for (const what of waiting) what();
      resolve();
    },
  };
}

function budgetError(amount: number): JobError {
  const error = new TarsierError('jobs/budget', `the budget of ${amount / 1e9} USD does not allow it to go on`);
  return { code: error.code, message: error.message, retryable: false };
}
