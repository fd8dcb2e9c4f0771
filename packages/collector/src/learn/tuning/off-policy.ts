/** How much better one threshold would have been than another on time that was not learnt from, and how sure that is. */
import { quantileOf } from '../../stats/quantile.ts';
import { nextRandomState, randomOf } from '../../stats/random.ts';

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

const resamples = 1_000;
const confidence = 0.9;

/**
 * The mean, and what it is between by a circular block bootstrap (Politis & Romano 1992): neighbours in time are alike.
 *
 * @param values  in time order
 * @param block  how many neighbours are drawn together
 * @param scale  what the mean is multiplied by
 */
export function meanInterval(
  values: readonly number[],
  { block, scale, seed }: { readonly block: number; readonly scale: number; readonly seed: number },
): Interval {
  const count = values.length;
  if (count === 0) return { value: 0, low: 0, high: 0, confidence };
  let state = seed >>> 0;
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let drawn = 0; drawn < count;) {
      state = nextRandomState(state);
      const first = Math.floor(randomOf(state) * count);
      for (let at = 0; at < block && drawn < count; at++, drawn++) sum += values[(first + at) % count] ?? 0;
    }
    return (scale * sum) / count;
  }).toSorted();
  const tail = (1 - confidence) / 2;
  return {
    value: (scale * values.reduce((sum, value) => sum + value, 0)) / count,
    low: quantileOf(means, tail),
    high: quantileOf(means, 1 - tail),
    confidence,
  };
}
