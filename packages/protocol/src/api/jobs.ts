import { z } from 'zod';
import type { Job, JobEvent, JobState } from '../job.ts';
import { usdText } from './budgets.ts';
import { defineOperations, many, next, pageParameters, unixMs } from './operation.ts';

export const jobStates = [
  'waiting',
  'delayed',
  'blocked',
  'held',
  'running',
  'succeeded',
  'failed',
  'cancelled',
] as const satisfies readonly JobState[];

const jobType = z.string().min(1).max(100);
const payload = z.record(z.string(), z.unknown()).default({});

/** `POST /v1/jobs`. */
export const newJobSchema = z.object({
  type: jobType,
  payload,
  /** Among the jobs of the tenant: higher goes first. */
  priority: z.int().min(-100).max(100).default(0),
  /** Not before: Unix ms. */
  startAt: z.int().min(0).max(8.64e15).exactOptional(),
  maxAttempts: z.int().min(1).max(25).exactOptional(),
  timeoutMs: z.int().min(100).max(86_400_000).exactOptional(),
  /** Jobs that have to succeed first; ends as cancelled when one does not. */
  after: z.array(z.uuid()).max(100).default([]),
  /** A job that was submitted with the same key before is answered instead; or the header `idempotency-key`. */
  key: z.string().min(1).max(200).exactOptional(),
});
export type NewJob = z.infer<typeof newJobSchema>;

/** `POST /v1/jobs/bulk`. */
export const newJobsSchema = z.object({ jobs: z.array(newJobSchema).min(1).max(10_000) });

/** `POST /v1/jobs/quote`. */
export const quoteSchema = z.object({ type: jobType, payload, priority: z.int().min(-100).max(100).default(0) });

const jobState = z.enum(jobStates);
const jobError = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() });
const progress = {
  ratio: z.number().exactOptional(),
  message: z.string().exactOptional(),
  metrics: z.record(z.string(), z.number()).exactOptional(),
};

export const jobSchema: z.ZodType<Job> = z
  .object({
    id: z.string(),
    type: z.string(),
    state: jobState,
    priority: z.int(),
    payload: z.record(z.string(), z.unknown()),
    submittedBy: z.string(),
    createdAt: unixMs,
    dueAt: unixMs.exactOptional(),
    startedAt: unixMs.exactOptional(),
    finishedAt: unixMs.exactOptional(),
    attempt: z.int().describe('Runs begun so far.'),
    maxAttempts: z.int(),
    timeoutMs: z.int(),
    cancelRequested: z.boolean(),
    estimate: z.object({ ms: z.int(), cost: usdText, start: unixMs.exactOptional() }),
    meteredMs: z.int().describe('CPU time of its thread, or how long it ran where it needs none, ms.'),
    cost: usdText,
    progress: z.object(progress).exactOptional(),
    result: z.unknown().exactOptional(),
    error: jobError.exactOptional(),
    schedule: z.string().exactOptional(),
  })
  .meta({ id: 'Job' });

const jobEventSchema: z.ZodType<JobEvent> = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('log'),
      number: z.int(),
      at: unixMs,
      level: z.enum(['info', 'warn']),
      message: z.string(),
      fields: z.record(z.string(), z.unknown()).exactOptional(),
    }),
    z.object({ kind: z.literal('progress'), number: z.int(), at: unixMs, ...progress }),
    z.object({ kind: z.literal('attempt'), number: z.int(), at: unixMs, attempt: z.int(), error: jobError }),
  ])
  .meta({ id: 'JobEvent' });

const quoteAnswer = z
  .object({
    type: z.string(),
    ms: z.int().describe('CPU time that it should take, ms.'),
    cost: usdText,
    reserved: z.string().describe('USD that are set aside for it when it starts.'),
    arithmetic: z.string().describe('How the cost comes about.'),
    basedOnRuns: z.int().describe('How many runs the estimate was learnt from; 0: from its type alone.'),
    expectedStart: unixMs.exactOptional(),
    waitsFor: many(z.string()).describe('What stands in its way now, in words.'),
  })
  .meta({ id: 'JobQuote' });
export type QuoteResponse = z.infer<typeof quoteAnswer>;

const jobAnswer = z
  .object({
    job: jobSchema,
    waiting: z
      .object({ reasons: many(z.string()), ahead: z.int(), expectedStart: unixMs.exactOptional() })
      .exactOptional()
      .describe('Of one that waits: why, how many of its tenant go first, and when it should start.'),
    accuracy: z
      .object({ ms: z.number(), startedLaterMs: z.number().exactOptional() })
      .exactOptional()
      .describe('Of one that has finished: what it took over what was expected, and how much later it started.'),
  })
  .meta({ id: 'JobDescription' });
export type JobResponse = z.infer<typeof jobAnswer>;

const jobsQuery = z.object({ state: jobState.exactOptional(), type: jobType.exactOptional(), ...pageParameters });
export type JobsFilter = z.infer<typeof jobsQuery>;

const eventsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).describe('Those after this number.'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});

/** `POST /v1/jobs/replay`: dead letters wait again. */
const replaySchema = z.object({
  type: jobType.exactOptional(),
  limit: z.int().min(1).max(100_000).default(1_000),
});

/** `PUT /v1/jobs/limits`: of all jobs of the tenant (`*`), or of those of a type. What is absent stays. */
const laneSchema = z.object({
  type: jobType.default('*'),
  maxRunning: z.int().min(1).max(100_000).nullable().exactOptional(),
  paused: z.boolean().exactOptional(),
});

const queueAnswer = z
  .object({
    weight: z.number().describe('Its share beside other tenants that want workers.'),
    lanes: many(
      z.object({
        type: z.string().describe('`*`: all of the tenant.'),
        waiting: z.int(),
        running: z.int(),
        maxRunning: z.int().nullable(),
        paused: z.boolean(),
      }),
    ),
    workers: z.int(),
    slots: z.int().describe('CPU-heavy jobs that all workers together run at once.'),
  })
  .meta({ id: 'JobQueue' });
export type JobQueueResponse = z.infer<typeof queueAnswer>;

/** `POST /v1/job-schedules`. */
export const newScheduleSchema = z.object({
  name: z.string().min(1).max(200),
  type: jobType,
  payload,
  priority: z.int().min(-100).max(100).default(0),
  /** Five or six fields, or `@daily` and the like. */
  cron: z.string().min(1).max(200),
  /** IANA name. */
  timeZone: z.string().min(1).max(100).default('UTC'),
  /** When nobody was there at its time: leave it out, run once, or once for each. */
  missed: z.enum(['skip', 'once', 'all']).default('once'),
  enabled: z.boolean().default(true),
});
export type NewSchedule = z.infer<typeof newScheduleSchema>;

const scheduleAnswer = z
  .object({
    ...newScheduleSchema.shape,
    id: z.string(),
    nextAt: unixMs.nullable(),
    lastAt: unixMs.nullable(),
    lastJob: z.string().nullable(),
  })
  .meta({ id: 'JobSchedule' });
export type JobSchedule = z.infer<typeof scheduleAnswer>;

const usageQuery = z.object({
  days: z.coerce.number().int().min(1).max(400).default(31),
});

const usageAnswer = z
  .object({
    usage: many(
      z.object({
        day: z.string().describe('UTC.'),
        type: z.string(),
        runs: z.int(),
        meteredMs: z.int(),
        cost: usdText,
        accuracy: z.number().nullable().describe('What was taken over what was expected.'),
      }),
    ),
    total: usdText,
  })
  .meta({ id: 'JobUsage' });

const tag = 'jobs';
const submittedAnswer = z.object({ jobs: many(z.object({ id: z.string(), isNew: z.boolean() })) });
const change = (summary: string) =>
  ({ summary, tag, scope: 'write', status: 200, answer: jobAnswer, refusals: [404, 409] }) as const;

export const jobOperations = defineOperations({
  'GET /v1/jobs': {
    summary: 'Jobs, newest first',
    tag,
    scope: 'read',
    query: jobsQuery,
    status: 200,
    answer: z.object({ jobs: many(jobSchema), next }),
  },
  'POST /v1/jobs': {
    summary: 'Submits a job',
    description: 'With a `key` that was used before: answers the job that it was used for.',
    tag,
    scope: 'write',
    body: newJobSchema,
    status: 201,
    answer: jobAnswer,
    refusals: [409],
  },
  'POST /v1/jobs/bulk': {
    summary: 'Submits many jobs, all or none',
    tag,
    scope: 'write',
    body: newJobsSchema,
    maxBodyBytes: 16 * 1024 * 1024,
    status: 201,
    answer: submittedAnswer,
    refusals: [409],
  },
  'POST /v1/jobs/quote': {
    summary: 'What a job would cost, and when it would start',
    tag,
    scope: 'read',
    body: quoteSchema,
    status: 200,
    answer: quoteAnswer,
    readOnly: true,
  },
  'POST /v1/jobs/replay': {
    summary: 'Runs dead letters again',
    tag,
    scope: 'write',
    body: replaySchema,
    status: 200,
    answer: z.object({ replayed: many(z.string()) }),
  },
  'GET /v1/jobs/types': {
    summary: 'What may be submitted',
    tag,
    scope: 'read',
    status: 200,
    answer: z.object({
      types: many(
        z.object({
          name: z.string(),
          summary: z.string(),
          payload: z.record(z.string(), z.unknown()).describe('JSON Schema of what to submit.'),
          runs: z.enum(['inline', 'thread']),
          memoryMb: z.int(),
          timeoutMs: z.int(),
          maxAttempts: z.int(),
        }),
      ),
    }),
  },
  'GET /v1/jobs/queue': {
    summary: 'What waits and runs, and what may',
    tag,
    scope: 'read',
    status: 200,
    answer: queueAnswer,
  },
  'PUT /v1/jobs/limits': {
    summary: 'How many jobs run at most, or none',
    tag,
    scope: 'admin',
    body: laneSchema,
    status: 200,
    answer: queueAnswer,
  },
  'GET /v1/jobs/usage': {
    summary: 'What jobs took and cost, by day and type',
    tag,
    scope: 'read',
    query: usageQuery,
    status: 200,
    answer: usageAnswer,
  },
  'GET /v1/jobs/{id}': {
    summary: 'A job; why it waits, or how its estimates turned out',
    tag,
    scope: 'read',
    status: 200,
    answer: jobAnswer,
    refusals: [404],
  },
  'GET /v1/jobs/{id}/report': {
    summary: 'The page that a job made, as `report.weekly` does',
    tag,
    scope: 'read',
    status: 200,
    answer: { types: ['text/html'] },
    refusals: [404],
  },
  'GET /v1/jobs/{id}/events': {
    summary: 'What a job told while it ran, oldest first',
    tag,
    scope: 'read',
    query: eventsQuery,
    status: 200,
    answer: z.object({ events: many(jobEventSchema) }),
  },
  'POST /v1/jobs/{id}/cancel': change('Ends a job'),
  'POST /v1/jobs/{id}/hold': change('Keeps a job from starting'),
  'POST /v1/jobs/{id}/release': change('Lets a job start that was held'),
  'POST /v1/jobs/{id}/retry': change('Runs a dead letter again'),
  'GET /v1/job-schedules': {
    summary: 'Jobs that are submitted again and again',
    tag,
    scope: 'read',
    status: 200,
    answer: z.object({ schedules: many(scheduleAnswer) }),
  },
  'POST /v1/job-schedules': {
    summary: 'Submits a job again and again',
    tag,
    scope: 'write',
    body: newScheduleSchema,
    status: 201,
    answer: scheduleAnswer,
  },
  'DELETE /v1/job-schedules/{id}': { summary: 'Ends a schedule', tag, scope: 'write', status: 204, refusals: [404] },
});
