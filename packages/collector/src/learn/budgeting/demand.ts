import { nextRandomState, randomOf } from '../../stats/random.ts';

/** Days that are drawn together: a week stays a week. */
const blockDays = 7;

/**
 * Futures made of the past: sums over so many days of it, drawn in blocks of a week, the same days for all (circular
 * block bootstrap: Politis & Romano 1992), so that what comes together goes on coming together.
 *
 * @param days  of each claimant, one value a day, all of the same length >= 1
 * @param length  days that are summed; 1: each day of the past is a future, and nothing is drawn
 * @returns of each claimant, the sums in each future
 */
export function drawFutures(
  days: readonly Float64Array[],
  length: number,
  draws: number,
  seed: number,
): readonly Float64Array[] {
  const known = days[0]?.length ?? 0;
  if (length === 1 || known === 0) return days.map((one) => one.slice());
  const futures = days.map(() => new Float64Array(draws));
  let state = seed;
  for (let draw = 0; draw < draws; draw++) {
    for (let done = 0; done < length; done += blockDays) {
      state = nextRandomState(state);
      const first = Math.floor(randomOf(state) * known);
      for (let day = 0; day < Math.min(blockDays, length - done); day++) {
        for (const [at, one] of days.entries()) {
          const future = futures[at];
          if (future !== undefined) future[draw] = (future[draw] ?? 0) + (one[(first + day) % known] ?? 0);
        }
      }
    }
  }
  return futures;
}
