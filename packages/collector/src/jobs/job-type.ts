/** The contract of a job type. docs/jobs.md says how to add one. */
import { describeIssue, TarsierError, type JobProgress, type UnixMs } from '@tarsier/protocol';
import type { z } from 'zod';
import type { Engine } from '../query/engine.ts';
import type { Query } from '../query/query.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';

export interface JobLimits {
  /** How long a run may take, ms. */
  readonly timeoutMs: number;
  /** Memory of its thread: of its heap, and again of its arrays, MiB. */
  readonly memoryMb: number;
  readonly maxAttempts: number;
}

/** What a run works with. In a thread all of it is the thread's own, with its own connections. */
export interface JobContext {
  readonly scope: TenantScope;
  readonly jobId: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** When the job began: the same for everything that it computes. */
  readonly now: UnixMs;
  /** Aborted when the run is to end: cancelled, out of time or budget, or taken over. */
  readonly signal: AbortSignal;
  readonly engine: Engine;
  readonly query: Query;
  readonly storage: Storage;
  /** Shown live and kept: a point of a curve where it has metrics. At most a few a second are sent. */
  progress(progress: JobProgress): void;
  log(level: 'info' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface JobType {
  readonly name: string;
  /** One sentence, for people who choose. */
  readonly summary: string;
  readonly payload: z.ZodType;
  /** `inline`: it waits more than it computes, and runs where the collector runs. `thread`: it computes. */
  readonly runs: 'inline' | 'thread';
  readonly limits: JobLimits;
  /** CPU time that it should take, ms, from what was submitted; what past runs took is counted in afterwards. */
  estimateMs(payload: unknown): number;
  /**
   * @returns the result: JSON, at most 4 MB
   * @throws {TarsierError} one that is not retryable ends the job; after any other failure it is tried again
   */
  run(payload: unknown, context: JobContext): Promise<unknown>;
}

export const defaultJobLimits: JobLimits = { timeoutMs: 600_000, memoryMb: 512, maxAttempts: 3 };

/** Checks payloads by the type's schema, so that what is written inside is typed. */
export function defineJobType<S extends z.ZodType>({
  limits,
  payload: schema,
  estimateMs,
  run,
  ...rest
}: {
  readonly name: string;
  readonly summary: string;
  readonly payload: S;
  readonly runs: JobType['runs'];
  readonly limits?: Partial<JobLimits>;
  estimateMs(payload: z.infer<S>): number;
  run(payload: z.infer<S>, context: JobContext): Promise<unknown>;
}): JobType {
  const parse = (payload: unknown): z.infer<S> => {
    const parsed = schema.safeParse(payload);
    if (parsed.success) return parsed.data;
    const { field, message } = describeIssue(parsed.error, payload, 'payload', true);
    throw new TarsierError('jobs/payload', message, { field });
  };
  return {
    ...rest,
    payload: schema,
    limits: { ...defaultJobLimits, ...limits },
    estimateMs: (payload) => estimateMs(parse(payload)),
    run: (payload, context) => run(parse(payload), context),
  };
}

export type JobTypes = ReadonlyMap<string, JobType>;

export function jobTypesOf(types: readonly JobType[]): JobTypes {
  return new Map(types.map((type) => [type.name, type]));
}
