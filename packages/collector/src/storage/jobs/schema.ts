/** The tables of jobs. A job is one row from its submission to the end of its retention. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import { bytea, unixMs } from '../schema.ts';

/** Billionths of a US dollar. */
const money = (name: string) => bigint(name, { mode: 'number' });

export const job = pgTable(
  'job',
  {
    tenantId: integer('tenant_id').notNull(),
    /** UUID version 7: in the order of submission. */
    id: uuid('id').notNull(),
    type: text('type').notNull(),
    state: text('state').notNull(),
    priority: smallint('priority').notNull(),
    payload: jsonb('payload').notNull(),
    submittedBy: text('submitted_by').notNull(),
    createdAt: unixMs('created_at').notNull(),
    /** When a delayed one may start. */
    dueAt: unixMs('due_at'),
    startedAt: unixMs('started_at'),
    finishedAt: unixMs('finished_at'),
    attempt: smallint('attempt').notNull().default(0),
    maxAttempts: smallint('max_attempts').notNull(),
    timeoutMs: integer('timeout_ms').notNull(),
    /** Counts claims and takeovers: whoever holds an older number has lost the job. */
    fence: integer('fence').notNull().default(0),
    worker: uuid('worker'),
    /** By the database's clock. */
    leaseUntil: timestamp('lease_until', { withTimezone: true }),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    /** What its type says that it takes, ms; what that came to so far for this tenant; and what that costs. */
    baseMs: integer('base_ms').notNull(),
    estimateMs: integer('estimate_ms').notNull(),
    estimateCost: money('estimate_cost').notNull(),
    expectedStart: unixMs('expected_start'),
    /** What is set aside of the budget while it runs. */
    reserved: money('reserved').notNull(),
    meteredMs: bigint('metered_ms', { mode: 'number' }).notNull().default(0),
    cost: money('cost').notNull().default(0),
    progress: jsonb('progress'),
    result: jsonb('result'),
    error: jsonb('error'),
    /** Unfinished jobs that it comes after. */
    blockedBy: integer('blocked_by').notNull().default(0),
    hasDependents: boolean('has_dependents').notNull().default(false),
    scheduleId: text('schedule_id'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('job_waiting')
      .on(table.tenantId, table.type, table.priority.desc(), table.id)
      .where(sql`state = 'waiting'`),
    index('job_running')
      .on(table.tenantId, table.type)
      .where(sql`state = 'running'`),
    index('job_delayed')
      .on(table.dueAt)
      .where(sql`state = 'delayed'`),
    index('job_failed')
      .on(table.tenantId, table.id)
      .where(sql`state = 'failed'`),
  ],
);

/** Keys by which a job that is submitted twice is one. */
export const jobKey = pgTable(
  'job_key',
  {
    tenantId: integer('tenant_id').notNull(),
    key: text('key').notNull(),
    jobId: uuid('job_id').notNull(),
    /** Of what was submitted: the same key for something else is a mistake. */
    digest: text('digest').notNull(),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.key] })],
);

export const jobDependency = pgTable(
  'job_dependency',
  {
    tenantId: integer('tenant_id').notNull(),
    onId: uuid('on_id').notNull(),
    jobId: uuid('job_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.onId, table.jobId] })],
);

/** What was told of a job while it ran: log lines, points of curves, failed attempts. */
export const jobEvent = pgTable(
  'job_event',
  {
    tenantId: integer('tenant_id').notNull(),
    jobId: uuid('job_id').notNull(),
    number: integer('number').notNull(),
    at: unixMs('at').notNull(),
    kind: text('kind').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.jobId, table.number] })],
);

/** What a tenant may, and how much it had: of all its jobs (type `*`), and of those of a type. */
export const jobLane = pgTable(
  'job_lane',
  {
    tenantId: integer('tenant_id').notNull(),
    type: text('type').notNull(),
    /** Of `*` alone: its share beside other tenants. */
    weight: doublePrecision('weight').notNull().default(1),
    /** Null: no limit but the workers. */
    maxRunning: integer('max_running'),
    paused: boolean('paused').notNull().default(false),
    /** Virtual time at which its newest job started and its next one may: of `*` alone. */
    startTag: doublePrecision('start_tag').notNull().default(0),
    finishTag: doublePrecision('finish_tag').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.type] })],
);

/** What jobs took and cost, by day and type: metered, added to in the transaction that ends a run. */
export const jobUsage = pgTable(
  'job_usage',
  {
    tenantId: integer('tenant_id').notNull(),
    day: date('day').notNull(),
    type: text('type').notNull(),
    runs: bigint('runs', { mode: 'number' }).notNull(),
    /** Sums of what the types said, of what was expected, and of what it took. */
    baseMs: bigint('base_ms', { mode: 'number' }).notNull(),
    estimateMs: bigint('estimate_ms', { mode: 'number' }).notNull(),
    meteredMs: bigint('metered_ms', { mode: 'number' }).notNull(),
    cost: money('cost').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.day, table.type] })],
);

export const budget = pgTable(
  'budget',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    /** What it is for: `jobs`, `job-type`, `team`, `agent`, `model`. */
    kind: text('kind').notNull(),
    /** Which of them; `*` for all. */
    target: text('target').notNull(),
    /** `day` or `month`, UTC. */
    period: text('period').notNull(),
    amount: money('amount').notNull(),
    updatedAt: unixMs('updated_at').notNull(),
    /** Between which a rebalancing leaves it. */
    minimum: money('minimum'),
    maximum: money('maximum'),
    weight: doublePrecision('weight').notNull().default(1),
    automatic: boolean('automatic').notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

/** What amounts were before: kept when the budget is gone. */
export const budgetChange = pgTable(
  'budget_change',
  {
    tenantId: integer('tenant_id').notNull(),
    budgetId: text('budget_id').notNull(),
    /** UUID version 7: in the order of time. */
    id: uuid('id').notNull(),
    at: unixMs('at').notNull(),
    by: text('by').notNull(),
    kind: text('kind').notNull(),
    fromAmount: money('from_amount'),
    toAmount: money('to_amount'),
    reason: text('reason'),
    rebalanceId: uuid('rebalance_id'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.budgetId, table.id] })],
);

/** Proposals to move money between budgets, by the jobs that made them. */
export const budgetRebalance = pgTable(
  'budget_rebalance',
  {
    tenantId: integer('tenant_id').notNull(),
    id: uuid('id').notNull(),
    createdAt: unixMs('created_at').notNull(),
    state: text('state').notNull(),
    /** As it was proposed. */
    body: jsonb('body').notNull(),
    /** What it was made from, so that other amounts can be tried. */
    basis: jsonb('basis').notNull(),
    /** What was set, and from what: by budget. */
    amounts: jsonb('amounts'),
    appliedAt: unixMs('applied_at'),
    appliedBy: text('applied_by'),
    undoneAt: unixMs('undone_at'),
    undoneBy: text('undone_by'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

/** What would make a tenant's optimisation score better, and what became of it. */
export const recommendation = pgTable(
  'recommendation',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    state: text('state').notNull(),
    /** Points of the tenant's score. */
    gain: doublePrecision('gain').notNull(),
    body: jsonb('body').notNull(),
    changedAt: unixMs('changed_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

export const jobSchedule = pgTable(
  'job_schedule',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    body: jsonb('body').notNull(),
    /** Null: never again. */
    nextAt: unixMs('next_at'),
    lastAt: unixMs('last_at'),
    lastJob: uuid('last_job'),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('job_schedule_due')
      .on(table.nextAt)
      .where(sql`next_at is not null`),
  ],
);

/** What things cost a tenant. */
export const priceTable = pgTable(
  'price_table',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    body: jsonb('body').notNull(),
    updatedAt: unixMs('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

/** Thresholds that were proposed, and what became of them. */
export const thresholdProposal = pgTable(
  'threshold_proposal',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    state: text('state').notNull(),
    body: jsonb('body').notNull(),
    createdAt: unixMs('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('threshold_proposal_time').on(table.tenantId, table.createdAt),
  ],
);

/** What a rule should have told of, and did not. */
export const missedIncident = pgTable(
  'missed_incident',
  {
    tenantId: integer('tenant_id').notNull(),
    id: text('id').notNull(),
    ruleId: text('rule_id').notNull(),
    from: unixMs('from').notNull(),
    body: jsonb('body').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('missed_incident_time').on(table.tenantId, table.from),
  ],
);

/** What jobs have learnt, by name and version. */
export const model = pgTable(
  'model',
  {
    tenantId: integer('tenant_id').notNull(),
    name: text('name').notNull(),
    version: integer('version').notNull(),
    kind: text('kind').notNull(),
    /** What it was made of and how good it is. */
    body: jsonb('body').notNull(),
    data: bytea('data').notNull(),
    createdAt: unixMs('created_at').notNull(),
    jobId: uuid('job_id').notNull(),
    /** When it was made the one that is used; null for never. */
    promotedAt: unixMs('promoted_at'),
    isPromoted: boolean('is_promoted').notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.name, table.version] })],
);

/** Who runs jobs: of no tenant. */
export const jobWorker = pgTable('job_worker', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  startedAt: unixMs('started_at').notNull(),
  seenAt: timestamp('seen_at', { withTimezone: true }).notNull(),
  threads: integer('threads').notNull(),
  inline: integer('inline').notNull(),
  running: integer('running').notNull(),
  types: text('types').array().notNull(),
});
