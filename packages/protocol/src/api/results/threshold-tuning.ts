/** What `threshold.tune` answers, and what it tells while it learns. */
import { z } from 'zod';
import { severities } from '../../alert.ts';
import { many, unixMs } from '../operation.ts';
import { estimate, methodText, resultWindow } from './common.ts';

/** Whose threshold, and which of its numbers it is. */
export const tunedTargetSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('rule'),
    id: z.string(),
    name: z.string(),
    severity: z.enum(severities),
    ruleKind: z.enum(['threshold', 'anomaly']),
    field: z.enum(['value', 'minScore']),
    op: z.enum(['>', '<', '>=', '<=']),
  }),
  z.object({
    kind: z.literal('detector'),
    id: z.string().describe('Of the detection setting.'),
    name: z.string().describe('The setting’s selector.'),
    detectors: many(z.string()),
    field: z.literal('surprise'),
    op: z.literal('>='),
  }),
]);
export type TunedTarget = z.infer<typeof tunedTargetSchema>;

/** Whether a bound is crossed less often after its change than before: then less is told. */
export function isCrossedLess(op: TunedTarget['op'], before: number, after: number): boolean {
  return op.startsWith('>') ? after > before : after < before;
}

/** What one threshold would have meant in some time, and what that is worth. */
const thresholdOutcome = z.object({
  value: z.number().exactOptional().describe('Absent where nobody would be told of anything.'),
  rewardPerDay: z.number(),
  pagesPerDay: z.number(),
  caught: z.int().describe('Real incidents during which it told somebody.'),
  missed: z.int(),
  noise: z.number().describe('Expected number of incidents that would have been noise.'),
});
export type ThresholdOutcome = z.infer<typeof thresholdOutcome>;

export const guardRailSchema = z.object({
  name: z.enum(['page-severity', 'no-new-miss', 'not-silent', 'step', 'support', 'evidence']),
  held: z.boolean(),
  why: z.string(),
});
export type GuardRail = z.infer<typeof guardRailSchema>;

/** A round of learning: a point of the convergence curve. `progress.metrics` has the same numbers while it runs. */
export const tuningPointSchema = z.object({
  round: z.int(),
  threshold: z.number().describe('Tried in this round.'),
  best: z.number().describe('Threshold that looks best after it.'),
  reward: z.number().describe('Of the round, relative to the present threshold.'),
  meanReward: z.number().describe('Of the last rounds.'),
  regret: z.number().describe('All rounds so far: what the best known threshold would have earned more.'),
  certainty: z.number().describe('Chance that the one that looks best is the best, 0 to 1.'),
});
export type TuningPoint = z.infer<typeof tuningPointSchema>;

/** The result of `threshold.tune`. */
export const thresholdTuningSchema = z
  .object({
    kind: z.literal('threshold.tune'),
    version: z.literal(1),
    target: tunedTargetSchema,
    ...methodText.shape,
    window: resultWindow.extend({ heldOutFrom: unixMs.describe('What is newer was kept from learning.') }),
    episodes: z.object({ training: z.int(), heldOut: z.int(), lengthMs: z.int(), stepMs: z.int() }),
    weights: z
      .object({ useful: z.number(), noise: z.number(), missed: z.number(), page: z.number(), halfLifeMs: z.number() })
      .describe(
        'What is earned by an incident that was useful, half of it when told so much later, and paid for noise, a missed one, each page.',
      ),
    feedback: z.object({ useful: z.int(), noise: z.int(), missed: z.int(), unjudged: z.int() }),
    present: z.number(),
    proposed: z.number().describe('As `present` where nothing better was found.'),
    arms: many(
      z.object({
        value: z.number(),
        isPresent: z.boolean(),
        pulls: z.int().describe('Episodes that were replayed with it.'),
        advantage: estimate.describe('Reward of an episode more than with the present threshold, as learnt.'),
        probabilityBest: z.number(),
        allowed: z.boolean(),
        why: z.string().exactOptional().describe('Which guard rail it is against.'),
      }),
    ),
    convergence: many(tuningPointSchema),
    heldOut: many(
      thresholdOutcome.extend({ name: z.enum(['proposed', 'present', 'percentile', 'most-sensitive', 'silent']) }),
    ).describe('On time that nothing was learnt from; all but the first are plain baselines.'),
    evaluation: z
      .object({
        estimator: z.string(),
        difference: estimate.describe('Reward a day, proposed less present.'),
        importance: estimate.describe('The same by inverse propensity alone.'),
        model: z.number().describe('The same by the model alone.'),
        support: z.number().describe('Share of what is told that people could have judged, 0 to 1.'),
      })
      .describe('Off-policy: before anything changes.'),
    guardRails: many(guardRailSchema),
    verdict: z.enum(['better', 'not-better', 'unsure']),
    explanation: z.string(),
    decision: z.enum(['applied', 'proposed', 'kept']),
    proposal: z.string().exactOptional().describe('Id: `POST /v1/threshold-proposals/{id}/apply` or `/rollback`.'),
    replays: z.object({ done: z.int(), all: z.int() }).describe('Of so many that trying everything would take.'),
    seed: z.int(),
  })
  .meta({ id: 'ThresholdTuning' });
export type ThresholdTuning = z.infer<typeof thresholdTuningSchema>;
