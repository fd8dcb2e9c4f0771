import { z } from 'zod';
import { usdText } from './budgets.ts';
import { defineOperations, many, next, pageParameters, unixMs } from './operation.ts';

export const optimisationParts = [
  'headroom',
  'saturation',
  'anomalies',
  'alert-noise',
  'cost-efficiency',
  'error-budget',
] as const;
export type OptimisationPartName = (typeof optimisationParts)[number];

const score = z.number().min(0).max(100).describe('0 to 100, higher is better.');
const interval = z.object({ low: z.number(), high: z.number() });

const part = z
  .object({
    id: z.enum(optimisationParts),
    label: z.string(),
    score: score.nullable().describe('Null where nothing tells it: the other parts then share its weight.'),
    weight: z.number().describe('Share of the whole that counts here, 0 to 1; the sum over all parts is 1.'),
    points: z.number().describe('What it adds to the score: score times weight.'),
    reason: z.string().describe('What was measured, against what.'),
    query: z.string().exactOptional().describe('PromQL of what it was made from.'),
  })
  .meta({ id: 'OptimisationPart' });
export type OptimisationPart = z.infer<typeof part>;

const subjectScore = z
  .object({
    kind: z.enum(['tenant', 'group', 'host']),
    name: z.string().describe('Of a group: `label=value`; of the tenant: `*`.'),
    score,
    interval: interval.describe('80 %, by blocks of the time that was looked at.'),
    previous: z.number().exactOptional().describe('The score a day before.'),
    parts: many(part),
    hosts: z.int().describe('How many it is made of.'),
  })
  .meta({ id: 'OptimisationScore' });
export type OptimisationScore = z.infer<typeof subjectScore>;

const outcome = z
  .object({
    measuredAt: unixMs,
    before: score,
    after: score,
    expected: z.number().describe('Points that it was said to gain.'),
    actual: z.number().describe('Points that it gained beyond what others did meanwhile.'),
    low: z.number(),
    high: z.number(),
    verdict: z.enum(['as-expected', 'less', 'more', 'worse']),
    reason: z.string(),
  })
  .meta({ id: 'RecommendationOutcome' });
export type RecommendationOutcome = z.infer<typeof outcome>;

export const recommendationSchema = z
  .object({
    id: z.string(),
    kind: z.enum(optimisationParts).describe('The part of the score that it is about.'),
    subject: z.object({ kind: z.enum(['tenant', 'host']), name: z.string() }),
    title: z.string(),
    reason: z.string(),
    arithmetic: z.string(),
    gain: z
      .object({ subject: z.number(), tenant: z.number(), low: z.number(), high: z.number() })
      .describe("Points of the subject's score, and of the tenant's; `low` and `high` are of the subject's, 80 %."),
    saving: usdText.exactOptional().describe('USD a month, where it saves any.'),
    effort: z.enum(['low', 'medium', 'high']),
    confidence: z.number().describe('0 to 1.'),
    state: z.enum(['open', 'followed', 'dismissed', 'measured', 'gone']),
    createdAt: unixMs,
    changedAt: unixMs,
    followedAt: unixMs.exactOptional(),
    followedBy: z.string().exactOptional(),
    outcome: outcome.exactOptional().describe('What really happened, a while after it was followed.'),
  })
  .meta({ id: 'Recommendation' });
export type Recommendation = z.infer<typeof recommendationSchema>;

/** `GET /v1/optimisation`, and the scores of the result of `optimise.score`. */
export const optimisationSchema = z
  .object({
    version: z.literal(1),
    at: unixMs,
    method: z.string(),
    tenant: subjectScore,
    groups: many(subjectScore),
    hosts: many(subjectScore).describe('Worst first.'),
  })
  .meta({ id: 'Optimisation' });
export type Optimisation = z.infer<typeof optimisationSchema>;

export const optimisationResultSchema = z
  .object({
    kind: z.literal('optimise.score'),
    ...optimisationSchema.shape,
    recommendations: many(recommendationSchema).describe('By what they gain for the tenant, most first.'),
    outcomes: z
      .object({
        measured: z.int(),
        meanError: z.number().nullable().describe('Mean absolute difference of expected and actual points.'),
        baselineError: z.number().nullable().describe('The same for the guess that nothing changes.'),
        isBetter: z.boolean(),
        verdict: z.string(),
      })
      .describe('How right the recommendations that were followed have been so far.'),
  })
  .meta({ id: 'OptimisationResult' });
/** Result of `optimise.score`. */
export type OptimisationResult = z.infer<typeof optimisationResultSchema>;

const tag = 'optimisation';
const change = (summary: string) =>
  ({ summary, tag, scope: 'write', status: 200, answer: recommendationSchema, refusals: [404, 409] }) as const;

export const optimisationOperations = defineOperations({
  'GET /v1/optimisation': {
    summary: 'How well hosts, groups and the tenant do, as of now',
    description: 'The same as the series `optimisation_score` and `optimisation_part_score` have over time.',
    tag,
    scope: 'read',
    status: 200,
    answer: optimisationSchema,
  },
  'GET /v1/recommendations': {
    summary: 'What would make the score better, most first',
    tag,
    scope: 'read',
    query: z.object({
      state: z.enum(['open', 'followed', 'dismissed', 'measured', 'gone']).exactOptional(),
      ...pageParameters,
    }),
    status: 200,
    answer: z.object({ recommendations: many(recommendationSchema), next }),
  },
  'POST /v1/recommendations/{id}/follow': change('Says that it was done: a day later it is measured'),
  'POST /v1/recommendations/{id}/dismiss': change('Says that it will not be done'),
  'POST /v1/recommendations/{id}/reopen': change('Takes back that it was dismissed or followed'),
});
