/** How many of something that comes now and then there will be in the next week, by the weeks before. */
import { meanOf } from '../../stats/mean.ts';

export interface NextCount {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
  /** Whether, week for week so far, it erred less than to say again what the week before had. */
  readonly isBetter: boolean;
}

const confidence = 0.8;
/** Of a normal distribution for that confidence. */
const reach = 1.2816;
const fewest = 2;

/** @param counts  of weeks, the oldest first; at least one */
export function nextCount(counts: readonly number[]): NextCount {
  const value = meanOf(counts);
  // More than chance alone gives, where weeks differ more: the larger of Poisson's variance and theirs.
  const variance = Math.max(value, varianceOf(counts, value));
  const spread = Math.sqrt(variance * (1 + 1 / Math.max(1, counts.length)));
  let [own, plain] = [0, 0];
  for (let at = fewest; at < counts.length; at++) {
    own += Math.abs((counts[at] ?? 0) - meanOf(counts.slice(0, at)));
    plain += Math.abs((counts[at] ?? 0) - (counts[at - 1] ?? 0));
  }
  return {
    value,
    low: Math.max(0, value - reach * spread),
    high: value + reach * spread,
    confidence,
    isBetter: own < plain,
  };
}

function varianceOf(counts: readonly number[], mean: number): number {
  if (counts.length < 2) return 0;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1);
}
