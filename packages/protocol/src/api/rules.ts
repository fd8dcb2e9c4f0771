import { z } from 'zod';
import { severities } from '../alert.ts';
import { selectorSchema } from './query.ts';
import { resourceOperations, withId } from './resource.ts';

const common = {
  name: z.string().min(1).max(200),
  severity: z.enum(severities).default('warning'),
  enabled: z.boolean().default(true),
  /** Shadow mode: until then (Unix ms) its alerts are kept and counted, but nobody is told. */
  shadowUntil: z.int().optional(),
  /** Which series are watched. */
  selector: selectorSchema,
  /** How long the condition must hold before the alert fires, ms. */
  forMs: z.int().min(0).max(86_400_000).default(0),
};

/** Fires for each series whose value, or per-second rate, is on the wrong side of `value`. */
const thresholdRule = z
  .object({
    kind: z.literal('threshold'),
    ...common,
    op: z.enum(['>', '<', '>=', '<=']),
    value: z.number(),
    /** Hysteresis: a firing alert is over only on the right side of this bound; absent, of `value`. */
    clear: z.number().optional(),
    /** How long the condition must have ceased before the alert is over, ms. */
    keepFiringMs: z.int().min(0).max(86_400_000).default(0),
    reduce: z.enum(['value', 'rate']).default('value'),
  })
  .refine(({ op, value, clear = value }) => (op.startsWith('>') ? clear <= value : clear >= value), {
    path: ['clear'],
    message: 'expected a bound on the calm side of value',
  });

/** Fires for each series that is anomalous with a peak of `minScore` robust standard deviations or more. */
const anomalyRule = z.object({ kind: z.literal('anomaly'), ...common, minScore: z.number().positive().default(4) });

/** Fires for each host that has sent such series, once nothing has come of it for `forMs`. */
const noDataRule = z.object({
  kind: z.literal('no-data'),
  ...common,
  selector: selectorSchema.default('{__name__=~".+"}'),
  severity: z.enum(severities).default('critical'),
  forMs: z.int().min(10_000).max(86_400_000).default(60_000),
});

/** `POST /v1/rules`. */
export const newRuleSchema = z.discriminatedUnion('kind', [thresholdRule, anomalyRule, noDataRule]);
export type NewRule = z.infer<typeof newRuleSchema>;

export type Rule = NewRule & { readonly id: string };
export type ThresholdRule = Extract<Rule, { kind: 'threshold' }>;
export type NoDataRule = Extract<Rule, { kind: 'no-data' }>;
export type AnomalyRule = Extract<Rule, { kind: 'anomaly' }>;

export const ruleOperations = resourceOperations('rules', {
  one: 'a rule',
  all: 'What is alerted on, oldest first',
  body: newRuleSchema,
  stored: withId(newRuleSchema).meta({ id: 'Rule' }),
});
