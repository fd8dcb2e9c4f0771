/** What a seed decides. */
import { nextRandomState, randomOf } from '../../packages/collector/src/stats/random.ts';

export interface Chance {
  /** 0 <= number < 1 */
  number(): number;
  /** `low` <= number < `high` */
  between(low: number, high: number): number;
  /** True so often of a hundred times. */
  percent(of: number): boolean;
  pick<T>(some: readonly [T, ...T[]]): T;
}

export function createChance(seed: number): Chance {
  let state = nextRandomState(seed >>> 0);
  const number = (): number => {
    state = nextRandomState(state);
    return randomOf(state);
  };
  return {
    number,
    between: (low, high) => low + number() * (high - low),
    percent: (of) => number() * 100 < of,
    pick: (some) => some[Math.floor(number() * some.length)] ?? some[0],
  };
}
