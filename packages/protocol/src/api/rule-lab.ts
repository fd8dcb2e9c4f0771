import { z } from 'zod';
import { severities, type Severity } from '../alert.ts';
import type { UnixMs } from '../sample.ts';
import { defineOperations, many, unixMs } from './operation.ts';

const durationMs = z
  .int()
  .min(0)
  .max(31 * 86_400_000)
  .default(0);
const common = {
  name: z.string().min(1).max(200).default('Trial'),
  severity: z.enum(severities).default('warning'),
  forMs: durationMs,
  keepFiringMs: durationMs,
};

/** A rule on trial: an expression that gives what fires, or an expression and bounds. */
const labRule = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('expression'), ...common, expr: z.string().min(1).max(10_000) }),
  z.object({
    kind: z.literal('threshold'),
    ...common,
    /** What is compared; any expression that gives numbers. */
    expr: z.string().min(1).max(10_000),
    op: z.enum(['>', '<', '>=', '<=']),
    /** Each is tried: the places of a slider. */
    values: z.array(z.number()).min(1).max(20),
    /** How far on the calm side of a value an alert is over. */
    clearBy: z.number().min(0).default(0),
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
  /** Of a threshold rule. */
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
