import type { UnixMs } from './sample.ts';

/**
 * `waiting` for a worker, `delayed` until its time, `blocked` by jobs it comes after, `held` by somebody; `running`;
 * then for good `succeeded`, `failed` (a dead letter: it can be run again) or `cancelled`.
 */
export type JobState = 'waiting' | 'delayed' | 'blocked' | 'held' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface JobWaiting {
  readonly reasons: readonly string[];
  /** Jobs of its tenant that go first. */
  readonly ahead: number;
  /** Absent when nothing says when. */
  readonly expectedStart?: UnixMs;
}

export interface Job {
  /** UUID version 7: sorts by submission. */
  readonly id: string;
  readonly type: string;
  readonly state: JobState;
  /** Among the jobs of its tenant: higher goes first. */
  readonly priority: number;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly submittedBy: string;
  readonly createdAt: UnixMs;
  /** When a delayed one may start. */
  readonly dueAt?: UnixMs;
  readonly startedAt?: UnixMs;
  readonly finishedAt?: UnixMs;
  /** Runs begun so far, and how many there may be. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly timeoutMs: number;
  readonly cancelRequested: boolean;
  /** As it was expected when it was submitted. */
  readonly estimate: {
    readonly ms: number;
    /** USD, as decimal text. */
    readonly cost: string;
    readonly start?: UnixMs;
  };
  /** CPU time of its thread, or for a job that needs none, how long it ran; of all attempts, ms. */
  readonly meteredMs: number;
  /** USD, as decimal text. */
  readonly cost: string;
  readonly progress?: JobProgress;
  readonly result?: unknown;
  readonly error?: JobError;
  readonly schedule?: string;
}

export interface JobProgress {
  /** 0 to 1. */
  readonly ratio?: number;
  readonly message?: string;
  /** Of a training: `{ epoch: 3, loss: 0.12 }`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface JobError {
  readonly code: string;
  readonly message: string;
  /** Whether another attempt may succeed. */
  readonly retryable: boolean;
}

/** What was told of a job while it ran. */
export type JobEvent =
  | {
      readonly kind: 'log';
      readonly number: number;
      readonly at: UnixMs;
      readonly level: 'info' | 'warn';
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    }
  | ({ readonly kind: 'progress'; readonly number: number; readonly at: UnixMs } & JobProgress)
  | {
      /** An attempt that did not succeed. */
      readonly kind: 'attempt';
      readonly number: number;
      readonly at: UnixMs;
      readonly attempt: number;
      readonly error: JobError;
    };
