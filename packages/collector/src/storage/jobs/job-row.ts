import { formatUsd, type Job, type JobError, type JobProgress, type JobState } from '@tarsier/protocol';

/** As the statements of this room return it. */
export interface JobRow {
  readonly tenant_id: number;
  readonly id: string;
  readonly type: string;
  readonly state: JobState;
  readonly priority: number;
  readonly payload: Record<string, unknown>;
  readonly submitted_by: string;
  readonly created_at: number;
  readonly due_at: number | null;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly timeout_ms: number;
  readonly cancel_requested: boolean;
  readonly estimate_ms: number;
  readonly estimate_cost: number;
  readonly expected_start: number | null;
  readonly metered_ms: number;
  readonly cost: number;
  readonly progress: JobProgress | null;
  readonly result: unknown;
  readonly error: JobError | null;
  readonly schedule_id: string | null;
}

export const jobColumns = [
  'tenant_id',
  'id',
  'type',
  'state',
  'priority',
  'payload',
  'submitted_by',
  'created_at',
  'due_at',
  'started_at',
  'finished_at',
  'attempt',
  'max_attempts',
  'timeout_ms',
  'cancel_requested',
  'estimate_ms',
  'estimate_cost',
  'expected_start',
  'metered_ms',
  'cost',
  'progress',
  'result',
  'error',
  'schedule_id',
] as const satisfies readonly (keyof JobRow)[];

export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    type: row.type,
    state: row.state,
    priority: row.priority,
    payload: row.payload,
    submittedBy: row.submitted_by,
    createdAt: row.created_at,
    ...(row.due_at === null ? {} : { dueAt: row.due_at }),
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    timeoutMs: row.timeout_ms,
    cancelRequested: row.cancel_requested,
    estimate: {
      ms: row.estimate_ms,
      cost: formatUsd(row.estimate_cost),
      ...(row.expected_start === null ? {} : { start: row.expected_start }),
    },
    meteredMs: row.metered_ms,
    cost: formatUsd(row.cost),
    ...(row.progress === null ? {} : { progress: row.progress }),
    ...(row.result === null ? {} : { result: row.result }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.schedule_id === null ? {} : { schedule: row.schedule_id }),
  };
}
