import { TarsierError, type JobError, type UnixMs } from '@tarsier/protocol';
import type { ClaimedJob } from '../storage/jobs/claim.ts';
import { jobErrorOf, resultText } from './job-failure.ts';
import type { JobType } from './job-type.ts';
import type { Journal } from './journal.ts';
import type { Assignment } from './threads/messages.ts';
import type { JobRooms } from './threads/rooms.ts';
import type { ThreadPool, ThreadRun } from './threads/thread-pool.ts';

/** Where a run tells how it goes. */
export type RunJournal = Pick<Journal, 'progress' | 'event'>;

/** Why a run was made to end. */
type EndedBy = 'stop' | 'cancel' | 'limit' | 'lost';

type Ended =
  | { readonly kind: 'done'; readonly result: unknown; readonly meteredMs: number }
  | { readonly kind: 'failed'; readonly error: JobError; readonly meteredMs: number };

export interface Run {
  readonly job: ClaimedJob;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  readonly isOver: boolean;
  readonly endedBy: EndedBy | undefined;
  /** What it took at the last look, ms. */
  readonly meteredMs: number;
  /** Set aside for it, billionths of USD. */
  reserved: number;
  /** Since when the lease runs, by `performance.now()`. */
  heldSince: number;
  /** Asks it to end, and after the grace makes it; at once where another may have it. */
  end(by: EndedBy, error: JobError): void;
  /** @returns what limit it is over */
  check(): Promise<JobError | undefined>;
}

const mib = 1024 * 1024;
/** A thread that has not loaded by then never will. */
const loadingMs = 60_000;
/** A run may take this many times as long as it may compute, where others have the cores meanwhile. */
const patience = 10;

export function startRun({
  job,
  type,
  pool,
  rooms,
  journal,
  graceMs,
  claimedAt,
  now,
}: {
  readonly job: ClaimedJob;
  readonly type: JobType;
  readonly pool: ThreadPool;
  readonly rooms: JobRooms;
  readonly journal: RunJournal;
  readonly graceMs: number;
  readonly claimedAt: number;
  readonly now: UnixMs;
}): Run {
  let began = performance.now();
  /** A thread has its modules to load: that is no time of the job's. */
  let isStarted = type.runs === 'inline';
  const { promise: outcome, resolve: end } = Promise.withResolvers<Ended>();
  const scope = { tenantId: job.tenantId, tenant: job.tenant };
  const assignment: Assignment = {
    scope,
    jobId: job.id,
    type: job.type,
    payload: job.payload,
    attempt: job.attempt,
    now,
  };
  /** Made when it is asked for: many runs are over before. */
  let stopper: AbortController | undefined;
  let thread: ThreadRun | undefined;
  let endedBy: EndedBy | undefined;
  let why: JobError | undefined;
  let isOver = false;
  let meteredMs = 0;
  let graceTimer: NodeJS.Timeout | undefined;
  const elapsed = (): number => performance.now() - began;

  async function inThread(): Promise<Ended> {
    thread = pool.run(assignment, type.limits.memoryMb, (message) => {
      if (message.kind === 'progress') journal.progress(job, message.progress);
      else journal.event(job, 'log', logBody(message));
    });
    void thread.started.then(() => {
      began = performance.now();
      isStarted = true;
    });
    const ended = await thread.ended;
    // What a thread that was killed took, is as it was at the last look.
    return { ...ended, meteredMs: ended.meteredMs ?? Math.max(meteredMs, 1) };
  }

  async function inline(): Promise<Ended> {
    try {
      const result = await type.run(job.payload, {
        ...rooms,
        scope,
        jobId: job.id,
        attempt: job.attempt,
        now,
        get signal() {
          stopper ??= new AbortController();
          if (why !== undefined) stopper.abort(new TarsierError(why.code, why.message));
          return stopper.signal;
        },
        progress: (progress) => journal.progress(job, progress),
        log: (level, message, fields) => journal.event(job, 'log', logBody({ level, message, fields })),
      });
      const text = resultText(result);
      return { kind: 'done', result: text === undefined ? undefined : result, meteredMs: elapsed() };
    } catch (error) {
      return { kind: 'failed', error: jobErrorOf(error), meteredMs: elapsed() };
    }
  }

  /** The first counts: its own end, or that it was made to. */
  function over(ended: Ended): void {
    if (isOver) return;
    isOver = true;
    clearTimeout(graceTimer);
    // Whatever it threw when it was asked to end: this is why it was asked.
    end(ended.kind === 'failed' && why !== undefined ? { ...ended, error: why } : ended);
  }
  void (type.runs === 'thread' ? inThread() : inline()).then(over);

  async function isTooLong(): Promise<boolean> {
    const took = elapsed();
    if (!isStarted) return took > job.timeoutMs + loadingMs;
    if (took <= job.timeoutMs) return false;
    // That others had the cores is no fault of the job's.
    return took - ((await thread?.keptWaitingMs()) ?? 0) > job.timeoutMs || took > patience * job.timeoutMs;
  }

  function kill(error: JobError): void {
    thread?.kill(error);
    // One that runs inline can't be ended; whatever it still does, nobody waits for it and its fence is gone.
    over({ kind: 'failed', error, meteredMs: type.runs === 'thread' ? Math.max(meteredMs, 1) : elapsed() });
  }

  return {
    job,
    ended: outcome,
    get isOver() {
      return isOver;
    },
    get endedBy() {
      return endedBy;
    },
    get meteredMs() {
      return meteredMs;
    },
    reserved: job.reserved,
    heldSince: claimedAt,
    end(by, error) {
      if (isOver || endedBy === 'lost') return;
      endedBy = by;
      why = error;
      stopper?.abort(new TarsierError(error.code, error.message));
      thread?.abort(error.message);
      if (by === 'lost') return kill(error);
      graceTimer ??= setTimeout(() => kill(error), graceMs);
    },
    async check() {
      if (endedBy !== undefined) return undefined;
      const tooLong = await isTooLong();
      // It may have been stopped, or have ended, meanwhile.
      if (endedBy !== undefined || isOver) return undefined;
      if (tooLong) {
        return { code: 'jobs/timeout', message: `it took longer than ${job.timeoutMs} ms`, retryable: true };
      }
      if (!isStarted) return undefined;
      if (thread === undefined) {
        meteredMs = elapsed();
        return undefined;
      }
      const [cpu, bytes] = await Promise.all([thread.meteredMs(), thread.arrayBytes()]);
      meteredMs = cpu ?? elapsed();
      if (bytes <= type.limits.memoryMb * mib) return undefined;
      const error = { code: 'jobs/memory', message: `it took more than ${type.limits.memoryMb} MiB`, retryable: false };
      // It may take all there is within the grace.
      endedBy = 'limit';
      why = error;
      kill(error);
      return undefined;
    },
  };
}

function logBody({
  level,
  message,
  fields,
}: {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}) {
  return { level, message: message.slice(0, 2_000), ...(fields === undefined ? {} : { fields }) };
}
