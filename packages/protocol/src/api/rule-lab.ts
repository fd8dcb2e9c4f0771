import { z } from 'zod';
import { severities, type Severity } from '../alert.ts';
import type { UnixMs } from '../sample.ts';
import { defineOperations, many, unixMs } from './operation.ts';
import { selectorSchema } from './query.ts';
import { ruleConditionSchema } from './rule-condition.ts';

const dayMs = 86_400_000;
const durationMs = z
  .int()
  .min(0)
  .max(31 * dayMs)
  .default(0);
const common = {
  name: z.string().min(1).max(200).default('Trial'),
  severity: z.enum(severities).default('warning'),
  forMs: durationMs,
  keepFiringMs: durationMs,
};
const expr = z.string().min(1).max(10_000);
/** Each is tried: the places of a slider. */
const values = z.array(z.number()).min(1).max(20);

/** A rule on trial: of each kind that there is, with bounds where it has one. */
const labRule = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('expression'), ...common, expr, clearExpr: expr.optional() }),
  z.object({
    kind: z.literal('threshold'),
    ...common,
    /** What is compared; any expression that gives numbers. */
    expr,
    op: z.enum(['>', '<', '>=', '<=']),
    values,
    /** How far on the calm side of a value an alert is over. */
    clearBy: z.number().min(0).default(0),
  }),
  z.object({
    kind: z.literal('no-data'),
    ...common,
    selector: selectorSchema,
    of: z.enum(['host', 'series']).default('host'),
    forMs: z.int().min(10_000).max(dayMs).default(60_000),
  }),
  /** Over the anomalies that were found; `values` are scores. */
  z.object({
    kind: z.literal('anomaly'),
    ...common,
    selector: selectorSchema,
    detector: z.string().min(1).max(100).optional(),
    values,
  }),
  /** `values` are limits; at each time only what was known then is looked at. */
  z.object({
    kind: z.literal('forecast'),
    ...common,
    selector: selectorSchema,
    op: z.enum(['>', '<']),
    values,
    horizonMs: z
      .int()
      .min(60_000)
      .max(366 * dayMs),
    historyMs: z.int().min(60_000).optional(),
    confidence: z.number().min(0.5).max(0.99).default(0.9),
    clearConfidence: z.number().min(0.01).max(0.99).optional(),
    everyMs: z.int().min(10_000).max(dayMs).default(300_000),
  }),
  /** Over the alerts that other rules had. */
  z.object({
    kind: z.literal('composite'),
    ...common,
    condition: ruleConditionSchema,
    by: z.array(z.string().min(1).max(200)).max(10).default(['host']),
  }),
]);
export type LabRule = z.infer<typeof labRule>;

/** `POST /v1/rule-lab`: what a rule would have told, from `start` to `end` (Unix ms). */
export const ruleLabSchema = z
  .object({ rule: labRule, start: z.int(), end: z.int(), stepMs: z.int().min(1_000).max(3_600_000).default(15_000) })
  .refine(({ start, end }) => start < end, { path: ['end'], message: 'expected a time after start' })
  .refine(({ start, end, stepMs }) => (end - start) / stepMs <= 11_000, {
    path: ['stepMs'],
    message: 'expected at most 11,000 steps from start to end',
  });
export type RuleLabRequest = z.infer<typeof ruleLabSchema>;

/** A notification that there would have been. */
export interface LabPage {
  readonly at: UnixMs;
  readonly reason: string;
  readonly title: string;
  readonly why: string;
  readonly severity: Severity;
  /** An incident of that time that people had to do with: acknowledged, assigned, or called useful. */
  readonly realIncident?: string;
}

export interface LabTrial {
  /** Of a rule that has a bound. */
  readonly value?: number;
  /** How often an alert began to fire. */
  readonly fired: number;
  readonly incidents: number;
  readonly pages: readonly LabPage[];
  readonly pagesInRealIncidents: number;
  /** Real incidents during which it would have said nothing. */
  readonly missedIncidents: readonly string[];
  /** What would not have been told, and why. */
  readonly unsent: readonly { readonly reason: string; readonly count: number }[];
}

export interface RuleLabResponse {
  readonly trials: readonly LabTrial[];
}

const pageSchema: z.ZodType<LabPage> = z.object({
  at: unixMs,
  reason: z.string(),
  title: z.string(),
  why: z.string(),
  severity: z.enum(severities),
  realIncident: z.string().exactOptional(),
});

const trialSchema: z.ZodType<LabTrial> = z.object({
  value: z.number().exactOptional(),
  fired: z.int(),
  incidents: z.int(),
  pages: many(pageSchema),
  pagesInRealIncidents: z.int(),
  missedIncidents: many(z.string()),
  unsent: many(z.object({ reason: z.string(), count: z.int() })),
});

export const ruleLabOperations = defineOperations({
  'POST /v1/rule-lab': {
    summary: 'What a rule, or another bound, would have told in the past',
    tag: 'rules',
    scope: 'read',
    readOnly: true,
    body: ruleLabSchema,
    status: 200,
    answer: z.object({ trials: many(trialSchema) }),
    refusals: [422],
  },
});
