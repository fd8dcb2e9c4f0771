import type { ThresholdTuning, TuningPoint } from '@tarsier/protocol/api';
import { z } from 'zod';
import { tuneThreshold, type BanditOutcome, type BanditRound } from '../../../learn/tuning/threshold-bandit.ts';
import { dayMs, hourMs } from '../../../storage/hours.ts';
import { defineJobType, type JobContext } from '../../job-type.ts';
import { applyProposal } from './apply.ts';
import { decide } from './decide.ts';
import { evaluate } from './evaluate.ts';
import { explainTuning, tuningMethod, tuningSources } from './explain.ts';
import { openSession, type TuningSession } from './session.ts';

/** Rounds of the curve that are kept. */
const mostPoints = 300;
/** An episode's context is how many alarms there were in the one before: none, a few, many. */
const contexts = 3;
const contextOf = (alarms: number): number => (alarms === 0 ? 0 : alarms < 3 ? 1 : 2);
const normal95 = 1.645;
const weight = z.number().min(0).max(1_000);

export const thresholdTune = defineJobType({
  name: 'threshold.tune',
  summary: 'Learns from feedback and replayed history which threshold of a rule or detector is worth most.',
  payload: z
    .strictObject({
      rule: z.string().min(1).max(200).optional().describe('Id or name of a rule of kind threshold or anomaly.'),
      setting: z.string().min(1).max(200).optional().describe('Or the id of a detection setting.'),
      values: z
        .array(z.number())
        .min(1)
        .max(15)
        .optional()
        .describe('Thresholds to try; from the values of the past unless given.'),
      historyMs: z
        .int()
        .min(hourMs)
        .max(90 * dayMs)
        .default(14 * dayMs),
      episodeMs: z
        .int()
        .min(600_000)
        .max(7 * dayMs)
        .default(6 * hourMs),
      stepMs: z.int().min(1_000).max(hourMs).default(60_000).describe('How often a replay evaluates.'),
      weights: z
        .strictObject({
          useful: weight.default(1),
          noise: weight.default(1),
          missed: weight.default(5),
          page: weight.default(0.05),
          halfLifeMs: z.int().min(1_000).max(dayMs).default(900_000).describe('Telling so much later is worth half.'),
        })
        .prefault({}),
      maxStep: z.number().min(0.01).max(1).default(0.5).describe('Of the range that is tried, how far it may move.'),
      mostRounds: z.int().min(10).max(5_000).default(400),
      apply: z
        .enum(['never', 'if-better'])
        .default('never')
        .describe('Whether the threshold is changed when it is surely better and every guard rail holds.'),
      seed: z
        .int()
        .min(0)
        .max(2 ** 31 - 1)
        .default(1),
    })
    .refine(({ rule, setting }) => (rule === undefined) !== (setting === undefined), {
      path: ['rule'],
      message: 'expected either a rule or a setting',
    }),
  runs: 'thread',
  limits: { timeoutMs: 1_800_000 },
  // Of a step of a replay, and of what is believed after a round.
  estimateMs: ({ historyMs, episodeMs, stepMs, mostRounds }) => {
    const episodes = historyMs / episodeMs;
    return Math.round((Math.min(mostRounds, 10 * episodes) + 3 * episodes) * ((0.004 * episodeMs) / stepMs + 2));
  },
  async run(payload, context): Promise<ThresholdTuning> {
    const { scope, storage, log, jobId, progress } = context;
    const { seed, weights } = payload;
    const session = await openSession(payload, context);
    const { tuned, values, present, training, heldOut, incidents, replays, whole, heldOutFrom } = session;
    const { target } = tuned;
    log('info', 'read', { incidents: incidents.length, episodes: training.length + heldOut.length, values });
    const learnt = await learn(session, payload, context);
    const decided = await decide(
      session,
      learnt.arms.map(({ advantage }) => advantage),
      payload.maxStep,
    );
    progress({ ratio: 0.9, message: 'evaluates on time that nothing was learnt from' });
    const { verdict, heldOut: rows, ...evaluated } = await evaluate(session, decided.arm, seed);
    const { rails, support, against } = decided;
    const proposed = values[decided.arm] ?? tuned.present;
    const count = (wanted: string): number => incidents.filter((one) => one.verdict === wanted).length;
    const feedback = {
      useful: count('useful'),
      noise: count('noise'),
      missed: count('missed'),
      unjudged: count('unjudged'),
    };
    const { difference } = evaluated;
    const explanation = explainTuning({
      target,
      present: tuned.present,
      proposed,
      verdict,
      difference,
      heldOut: rows,
      feedback,
      rails,
    });
    let decision: ThresholdTuning['decision'] = 'kept';
    if (verdict !== 'not-better') {
      const proposal = { id: jobId, jobId, target, before: tuned.present, after: proposed, difference, explanation };
      await storage.thresholds.propose(scope, { ...proposal, guardRails: rails }, `job ${jobId}`);
      decision = 'proposed';
      const isAllowed = payload.apply === 'if-better' && verdict === 'better' && rails.every(({ held }) => held);
      if (isAllowed && (await applyProposal(context))) decision = 'applied';
    }
    return {
      kind: 'threshold.tune',
      version: 1,
      target,
      method: tuningMethod,
      sources: tuningSources,
      window: { from: whole.start, to: whole.end, heldOutFrom },
      episodes: {
        training: training.length,
        heldOut: heldOut.length,
        lengthMs: payload.episodeMs,
        stepMs: payload.stepMs,
      },
      weights,
      feedback,
      present: tuned.present,
      proposed,
      arms: learnt.arms.map(({ pulls, advantage, spread, probabilityBest }, arm) => {
        const why = against.get(arm);
        const reach = normal95 * spread;
        return {
          value: values[arm] ?? 0,
          isPresent: arm === present,
          pulls,
          advantage: { value: advantage, low: advantage - reach, high: advantage + reach, confidence: 0.9 },
          probabilityBest,
          allowed: why === undefined,
          ...(why === undefined ? {} : { why }),
        };
      }),
      convergence: thinned(learnt.rounds).map((round) => pointOf(round, values)),
      heldOut: rows,
      evaluation: { estimator: 'doubly robust, over replayed episodes', ...evaluated, support },
      guardRails: rails,
      verdict,
      explanation,
      decision,
      ...(decision === 'kept' ? {} : { proposal: jobId }),
      replays: { done: replays.done, all: (training.length + heldOut.length) * values.length },
      seed,
    };
  },
});

/** Tells of each round. */
async function learn(
  { training, values, present, earned }: TuningSession,
  { mostRounds, seed }: { readonly mostRounds: number; readonly seed: number },
  { progress }: JobContext,
): Promise<BanditOutcome> {
  const before: number[] = [];
  for (const [at, episode] of training.entries()) {
    before.push((await earned(episode, present)).alarms);
    progress({ ratio: (0.2 * at) / training.length, message: 'replays the present threshold' });
  }
  const bandit = tuneThreshold(
    {
      arms: values.length,
      present,
      contextOf: training.map((_, at) => contextOf(before[at - 1] ?? 0)),
      contexts,
      mostRounds,
      seed,
    },
    async (at, arm) => {
      const episode = training[at];
      return episode === undefined ? 0 : (await earned(episode, arm)).reward;
    },
  );
  for (;;) {
    const next = await bandit.next();
    if (next.done === true) return next.value;
    const ratio = 0.2 + (0.6 * next.value.round) / mostRounds;
    progress({ ratio, message: 'learns', metrics: pointOf(next.value, values) });
  }
}

function pointOf({ arm, best, ...round }: BanditRound, values: readonly number[]): TuningPoint {
  return { ...round, threshold: values[arm] ?? 0, best: values[best] ?? 0 };
}

/** Some of many, the last one among them. */
function thinned<T>(all: readonly T[]): readonly T[] {
  const every = Math.ceil(all.length / mostPoints);
  return all.filter((_, at) => (all.length - 1 - at) % Math.max(1, every) === 0);
}
