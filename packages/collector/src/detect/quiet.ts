/** Series in which nothing happens, of the kinds that hosts have: what calibration is measured on. */
import { createNoise } from '../stats/noise.ts';

/** @returns the next value at each call, with a standard deviation of about 1 around a mean of 10 */
export type QuietSeries = (seed: number) => () => number;

const mean = 10;
/** Correlation of neighbours. */
const correlation = 0.9;
/** Of Student's distribution: variance is finite, the fourth moment is not. */
const freedom = 3;
/** Steps that a counter's or sensor's values come in. */
const grain = 1;

export const quietSeries: Readonly<Record<string, QuietSeries>> = {
  gaussian(seed) {
    const noise = createNoise(seed);
    return () => mean + noise();
  },

  'heavy-tailed'(seed) {
    const noise = createNoise(seed);
    return () => {
      let squares = 0;
      for (let of = 0; of < freedom; of++) squares += noise() ** 2;
      return mean + noise() / Math.sqrt(squares);
    };
  },

  autocorrelated(seed) {
    const noise = createNoise(seed);
    let state = noise();
    return () => {
      state = correlation * state + Math.sqrt(1 - correlation ** 2) * noise();
      return mean + state;
    };
  },

  'constant with jitter'(seed) {
    const noise = createNoise(seed);
    return () => mean + grain * Math.round(0.4 * noise());
  },
};
