import { z } from 'zod';
import { severities } from '../alert.ts';
import { defineOperations, unixMs } from './operation.ts';
import { selectorSchema } from './query.ts';
import { resourceOperations, withId } from './resource.ts';
import { conditionHolds, ruleConditionSchema } from './rule-condition.ts';

const dayMs = 86_400_000;
const durationMs = z.int().min(0).max(dayMs);

const common = {
  name: z.string().min(1).max(200),
  severity: z.enum(severities).default('warning'),
  enabled: z.boolean().default(true),
  /** What to do about it: an address, or a path of the collector's own page such as `/runbooks/disk-filling`. */
  runbookUrl: z
    .string()
    .max(2_000)
    .regex(/^(?:https?:\/\/|\/)\S+$/u, 'expected https://…, or a path such as /runbooks/disk-filling')
    .optional(),
  /** Shadow mode: until then (Unix ms) its alerts are kept and counted, but nobody is told. */
  shadowUntil: z.int().optional(),
  /** How long the condition must hold before the alert fires, ms. */
  forMs: durationMs.default(0),
};

/** Which series are watched. */
const watched = { selector: selectorSchema };

/** Fires for each series whose value, or per-second rate, is on the wrong side of `value`. */
const thresholdRule = z
  .object({
    kind: z.literal('threshold'),
    ...common,
    ...watched,
    op: z.enum(['>', '<', '>=', '<=']),
    value: z.number(),
    /** Hysteresis: a firing alert is over only on the right side of this bound; absent, of `value`. */
    clear: z.number().optional(),
    /** How long the condition must have ceased before the alert is over, ms. */
    keepFiringMs: durationMs.default(0),
    reduce: z.enum(['value', 'rate']).default('value'),
  })
  .refine(({ op, value, clear = value }) => (op.startsWith('>') ? clear <= value : clear >= value), {
    path: ['clear'],
    message: 'expected a bound on the calm side of value',
  });

/** Fires for each series that is anomalous with a peak of `minScore` or more. */
const anomalyRule = z.object({
  kind: z.literal('anomaly'),
  ...common,
  ...watched,
  /** In robust standard deviations for `zscore`; of other detectors their surprise, -log10 of the chance. */
  minScore: z.number().positive().default(4),
  /** Only what this detector found: `zscore`, `events`, or one that a detection setting names. */
  detector: z.string().min(1).max(100).optional(),
});

/** Fires for each host, or each series, that has sent something, once nothing has come of it for `forMs`. */
const noDataRule = z.object({
  kind: z.literal('no-data'),
  ...common,
  selector: selectorSchema.default('{__name__=~".+"}'),
  severity: z.enum(severities).default('critical'),
  forMs: z.int().min(10_000).max(dayMs).default(60_000),
  /** `series` also says so when the host goes on and one of its series does not. */
  of: z.enum(['host', 'series']).default('host'),
  /** A series that has been gone for this long is not waited for any more: its alert is over, ms. */
  forgetMs: z
    .int()
    .min(60_000)
    .max(30 * dayMs)
    .default(dayMs),
});

const periodic = {
  /** How long the condition must have ceased before the alert is over, ms. */
  keepFiringMs: durationMs.default(0),
  /** How often it is looked at, ms. */
  everyMs: z.int().min(1_000).max(dayMs),
};

/** Fires for each series that will be beyond `limit` within the horizon, as far as can be said. */
const forecastRule = z
  .object({
    kind: z.literal('forecast'),
    ...common,
    ...periodic,
    everyMs: periodic.everyMs.min(10_000).default(300_000),
    /** Which series are gone on with: a selector, or any expression. */
    selector: selectorSchema,
    op: z.enum(['>', '<']),
    limit: z.number(),
    /** How far ahead is looked, ms. */
    horizonMs: z
      .int()
      .min(60_000)
      .max(366 * dayMs),
    /** Between two values of the past; a sixtieth of the horizon unless given. */
    stepMs: z.int().min(1_000).max(dayMs).optional(),
    /** How far back is looked; four times the horizon unless given, at least 120 steps. */
    historyMs: z
      .int()
      .min(60_000)
      .max(1_100 * dayMs)
      .optional(),
    /** Chance, 0 to 1, that the limit is crossed from which it fires. */
    confidence: z.number().min(0.5).max(0.99).default(0.9),
    /** Hysteresis: a firing alert is over only once the chance is below this; absent, below `confidence`. */
    clearConfidence: z.number().min(0.01).max(0.99).optional(),
  })
  .refine(
    ({ horizonMs, stepMs = horizonMs / 60, historyMs = Math.max(4 * horizonMs, 120 * stepMs) }) =>
      historyMs / stepMs <= 2_000,
    { path: ['historyMs'], message: 'expected at most 2000 steps' },
  )
  .refine(({ confidence, clearConfidence = confidence }) => clearConfidence <= confidence, {
    path: ['clearConfidence'],
    message: 'expected at most confidence',
  })
  .refine(({ horizonMs, stepMs = horizonMs / 60 }) => stepMs <= horizonMs && horizonMs / stepMs <= 1_000, {
    path: ['stepMs'],
    message: 'expected at most the horizon, and at least a 1000th of it',
  });

/** Fires for each series that an expression of PromQL gives. */
const expressionRule = z.object({
  kind: z.literal('expression'),
  ...common,
  ...periodic,
  everyMs: periodic.everyMs.default(60_000),
  expr: z.string().min(1).max(10_000),
  /** Hysteresis: a firing alert is over only once this gives its series no more; absent, once `expr` does not. */
  clearExpr: z.string().min(1).max(10_000).optional(),
});

/** Fires for each value of `by` for which a condition over other rules holds. */
const compositeRule = z.object({
  kind: z.literal('composite'),
  ...common,
  /** How long the condition must have ceased before the alert is over, ms. */
  keepFiringMs: durationMs.default(0),
  condition: ruleConditionSchema.refine(
    (given) => !conditionHolds(given, () => false),
    'expected a condition that does not hold while none of its rules fires',
  ),
  /** What alerts must have in common to count together; none: all of the tenant's do. */
  by: z.array(z.string().min(1).max(200)).max(10).default(['host']),
});

/** `POST /v1/rules`. */
export const newRuleSchema = z
  .discriminatedUnion('kind', [thresholdRule, anomalyRule, noDataRule, forecastRule, expressionRule, compositeRule])
  .meta({ id: 'NewRule' });
export type NewRule = z.infer<typeof newRuleSchema>;
/** With what has a default left out. */
export type NewRuleInput = z.input<typeof newRuleSchema>;

export type Rule = NewRule & { readonly id: string };
export type ThresholdRule = Extract<Rule, { kind: 'threshold' }>;
export type NoDataRule = Extract<Rule, { kind: 'no-data' }>;
export type AnomalyRule = Extract<Rule, { kind: 'anomaly' }>;
export type ForecastRule = Extract<Rule, { kind: 'forecast' }>;
export type ExpressionRule = Extract<Rule, { kind: 'expression' }>;
export type CompositeRule = Extract<Rule, { kind: 'composite' }>;

/** How the evaluations of a rule that is looked at now and then go. */
export interface RuleEvaluation {
  readonly health: 'unknown' | 'ok' | 'err';
  readonly lastError: string;
  /** Unix ms; absent before the first. */
  readonly evaluatedAt?: number;
  readonly evaluationMs: number;
  /** Evaluations that were due while another was still at it. */
  readonly missed: number;
  /** When it last left one out, Unix ms; absent: never. */
  readonly missedAt?: number;
}

const evaluationSchema: z.ZodType<RuleEvaluation> = z.object({
  health: z.enum(['unknown', 'ok', 'err']),
  lastError: z.string(),
  evaluatedAt: unixMs.exactOptional(),
  evaluationMs: z.number(),
  missed: z.int(),
  missedAt: unixMs.exactOptional(),
});

export const ruleOperations = resourceOperations('rules', {
  one: 'a rule',
  all: 'What is alerted on, oldest first',
  body: newRuleSchema,
  stored: withId(newRuleSchema).meta({ id: 'Rule' }),
});

export const ruleEvaluationOperations = defineOperations({
  'GET /v1/rule-export': {
    summary: "The rules as a rule file in Prometheus's YAML, as far as PromQL can say them",
    tag: 'rules',
    scope: 'read',
    status: 200,
    answer: { types: ['application/yaml'] },
  },
  'GET /v1/rule-evaluations': {
    summary: 'How rules that are looked at now and then fare',
    tag: 'rules',
    scope: 'read',
    status: 200,
    answer: z.object({ evaluations: z.record(z.string(), evaluationSchema).describe('By the id of the rule.') }),
  },
});
