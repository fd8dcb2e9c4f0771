/** Hot file: what functions over a range make of rollups; of whole buckets the same as of their samples. */
import type { Rollup } from '@tarsier/protocol/chunk';
import { sumOver } from '../evaluate/mean.ts';
import type { RangeVector, RolledUp } from '../evaluate/value.ts';
import type { Window, WindowFunction } from '../evaluate/windows.ts';
import { extrapolate, type ChangeKind } from './extrapolate.ts';

/** Rows of a window are buckets. */
export type RollupFunction = (rolledUp: RolledUp, range: Lengths) => WindowFunction;

type Lengths = Pick<RangeVector, 'rangeMs' | 'askedMs'>;

/** Where buckets are wider than what was asked for: its share. */
function share(value: number, { rangeMs, askedMs }: Lengths): number {
  return askedMs === rangeMs ? value : (value * askedMs) / rangeMs;
}

const total =
  (column: 'sum' | 'count'): RollupFunction =>
  ({ rollup }, lengths) =>
  ({ from, to }) =>
    share(sumOver(rollup[column], from, to), lengths);

const average: RollupFunction =
  ({ rollup: { sum, count } }) =>
  ({ from, to }) =>
    sumOver(sum, from, to) / sumOver(count, from, to);

/** Any number goes before NaN. */
function extreme(column: 'min' | 'max', sign: 1 | -1): RollupFunction {
  return ({ rollup }) => {
    const values = rollup[column];
    return ({ from, to }) => {
      let best = values[from] ?? Number.NaN;
      for (let row = from + 1; row < to; row++) {
        const value = values[row] ?? Number.NaN;
        if (sign * value > sign * best || best !== best) best = value;
      }
      return best;
    };
  };
}

const firstOf =
  (column: 'first' | 'firstAt', divisor = 1): RollupFunction =>
  ({ rollup }) =>
  ({ from }) =>
    (rollup[column][from] ?? Number.NaN) / divisor;

const lastOf =
  (column: 'last' | 'lastAt', divisor = 1): RollupFunction =>
  ({ rollup }) =>
  ({ to }) =>
    (rollup[column][to - 1] ?? Number.NaN) / divisor;

function change(kind: ChangeKind): RollupFunction {
  return ({ rollup, width }, lengths) => {
    const { count, first, last, firstAt, lastAt } = rollup;
    const alignedTo = (time: number): number => Math.floor(time / width) * width;
    return (window) => {
      const { from, to } = window;
      const value = extrapolate(kind, lengths.rangeMs, {
        firstValue: first[from] ?? 0,
        firstMs: firstAt[from] ?? 0,
        lastMs: lastAt[to - 1] ?? 0,
        samples: sumOver(count, from, to),
        change: (last[to - 1] ?? 0) - (first[from] ?? 0) + (kind.isCounter ? lostToResets(rollup, window) : 0),
        // Buckets are taken whole.
        startMs: alignedTo(window.startMs),
        endMs: alignedTo(window.endMs),
      });
      return value === undefined || kind.perSecond ? value : share(value, lengths);
    };
  };
}

/** What a counter had counted each time it was set back. */
function lostToResets({ first, last, counter }: Rollup, { from, to }: Pick<Window, 'from' | 'to'>): number {
  let lost = 0;
  for (let row = from; row < to; row++) {
    if (row > from && (first[row] ?? 0) < (last[row - 1] ?? 0)) lost += last[row - 1] ?? 0;
    if ((counter?.resets[row] ?? 0) > 0) {
      lost += (counter?.increase[row] ?? 0) - ((last[row] ?? 0) - (first[row] ?? 0));
    }
  }
  return lost;
}

const resets: RollupFunction =
  ({ rollup: { first, last, counter } }) =>
  ({ from, to }) => {
    let found = 0;
    for (let row = from; row < to; row++) {
      if (row > from && (first[row] ?? 0) < (last[row - 1] ?? 0)) found++;
      found += counter?.resets[row] ?? 0;
    }
    return found;
  };

export const rollupFunctions = {
  avg_over_time: average,
  count_over_time: total('count'),
  delta: change({ isCounter: false, perSecond: false }),
  first_over_time: firstOf('first'),
  increase: change({ isCounter: true, perSecond: false }),
  last_over_time: lastOf('last'),
  max_over_time: extreme('max', 1),
  min_over_time: extreme('min', -1),
  present_over_time: () => () => 1,
  rate: change({ isCounter: true, perSecond: true }),
  resets,
  sum_over_time: total('sum'),
  ts_of_first_over_time: firstOf('firstAt', 1000),
  ts_of_last_over_time: lastOf('lastAt', 1000),
} satisfies Readonly<Record<string, RollupFunction>>;

export type RollupFunctionName = keyof typeof rollupFunctions;

export function isRollupFunction(name: string | undefined): name is RollupFunctionName {
  return name !== undefined && Object.hasOwn(rollupFunctions, name);
}

/** Whether it needs what is kept of counters alone. */
export function needsCounter(name: RollupFunctionName): boolean {
  return name === 'increase' || name === 'rate' || name === 'resets';
}
