/** Intervals of any statistic, by drawing again what it was computed from (Efron 1979, doi:10.1214/aos/1176344552). */
import { quantileOf } from '../../stats/quantile.ts';
import { nextRandomState, randomOf } from '../../stats/random.ts';

export interface Bootstrapped {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

const resamples = 400;
const confidence = 0.9;

/** @param statistic  of units as many as there are, some more than once */
export function bootstrap<T>(
  units: readonly T[],
  statistic: (units: readonly T[]) => number,
  seed: number,
): Bootstrapped {
  let state = seed >>> 0;
  const value = statistic(units);
  const drawn = Float64Array.from({ length: resamples }, () =>
    statistic(
      units.map(() => {
        state = nextRandomState(state);
        // Never beyond the last.
        return units[Math.floor(randomOf(state) * units.length)] as T;
      }),
    ),
  ).toSorted();
  const tail = (1 - confidence) / 2;
  return { value, low: quantileOf(drawn, tail), high: quantileOf(drawn, 1 - tail), confidence };
}

/** Whether what is measured of one is higher than of another, as far as intervals of independent draws tell. */
export function isHigher(own: Bootstrapped, other: Bootstrapped): 'better' | 'not-better' | 'unsure' {
  const difference = own.value - other.value;
  if (difference <= 0) return 'not-better';
  const reach = Math.hypot(own.value - own.low, other.high - other.value);
  return difference > reach ? 'better' : 'unsure';
}
