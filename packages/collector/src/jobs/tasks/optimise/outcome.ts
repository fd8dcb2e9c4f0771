/** What really happened after a recommendation was followed. Pure. */
import type { UnixMs } from '@tarsier/protocol';
import type { OptimisationResult, Recommendation, RecommendationOutcome } from '@tarsier/protocol/api';
import { median } from '../../../stats/median.ts';
import { meanOf } from '../../../stats/mean.ts';
import { round } from './score.ts';

/** Hourly means of a score. */
export interface ScoreHistory {
  readonly before: Float64Array;
  readonly after: Float64Array;
}

/** Hours before and after it was followed that are compared. */
export const comparedHours = 24;
/** Of these so many have to be known on each side. */
const leastHours = 12;
const z80 = 1.2816;
/** Scores are not told apart further than this, however steady they are. */
const leastHalf = 0.5;

/**
 * Difference in differences (Card & Krueger 1994): what its score has gained beyond what those of others have.
 *
 * @param others  of subjects of the same kind for which nothing was followed
 * @returns undefined while too little is known
 */
export function outcomeOf(
  { gain }: Pick<Recommendation, 'gain'>,
  own: ScoreHistory,
  others: readonly ScoreHistory[],
  now: UnixMs,
): RecommendationOutcome | undefined {
  if (own.before.length < leastHours || own.after.length < leastHours) return undefined;
  const [before, after] = [meanOf(own.before), meanOf(own.after)];
  const changes = others
    .filter((one) => one.before.length >= leastHours && one.after.length >= leastHours)
    .map((one) => meanOf(one.after) - meanOf(one.before));
  const drift = changes.length === 0 ? 0 : median(changes);
  const actual = after - before - drift;
  const half = Math.max(leastHalf, z80 * Math.hypot(errorOf(own.before), errorOf(own.after)));
  const [low, high] = [actual - half, actual + half];
  const expected = gain.subject;
  const verdict = high < 0 ? 'worse' : expected > high ? 'less' : expected < low ? 'more' : 'as-expected';
  return {
    measuredAt: now,
    before: round(before),
    after: round(after),
    expected,
    actual: round(actual),
    low: round(low),
    high: round(high),
    verdict,
    reason: `${round(after)} - ${round(before)} points, less ${round(drift)} that ${changes.length} others changed by meanwhile`,
  };
}

/** How right the estimates were, beside the guess that nothing changes. */
export function outcomesOf(outcomes: readonly RecommendationOutcome[]): OptimisationResult['outcomes'] {
  const measured = outcomes.length;
  if (measured === 0) {
    const verdict = 'no recommendation that was followed has been measured yet';
    return { measured, meanError: null, baselineError: null, isBetter: false, verdict };
  }
  const meanError = outcomes.reduce((sum, { actual, expected }) => sum + Math.abs(actual - expected), 0) / measured;
  const baselineError = outcomes.reduce((sum, { actual }) => sum + Math.abs(actual), 0) / measured;
  const isBetter = meanError < baselineError;
  return {
    measured,
    meanError: round(meanError),
    baselineError: round(baselineError),
    isBetter,
    verdict: `${isBetter ? 'better' : 'not better'} than the guess that nothing changes: off by ${round(meanError)} points, that by ${round(baselineError)}`,
  };
}

/** Of a mean of hours that go on like each other: as if there were a third as many. */
function errorOf(values: Float64Array): number {
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, values.length - 1) / (values.length / 3));
}
