/** Hot file: samples to one row per bucket of time, and such rows to coarser ones. */
import type { SeriesColumn } from '../sample.ts';
import { exactSum } from './exact-sum.ts';

/**
 * What is kept of the samples in each bucket that has any: those after `end - width`, up to and including `end`. The
 * same whether it is made of the samples or of finer rollups.
 */
export interface Rollup {
  /** Unix ms, ascending. */
  readonly ends: Float64Array;
  readonly count: Float64Array;
  readonly sum: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** Time of the first and of the last sample. */
  readonly firstAt: Float64Array;
  readonly lastAt: Float64Array;
  /** Kept for counters only. */
  readonly counter?: CounterRollup;
}

export interface CounterRollup {
  /** From the first sample to the last one, resets accounted for. */
  readonly increase: Float64Array;
  /** How often a sample was smaller than the one before. */
  readonly resets: Float64Array;
}

/**
 * @param width    of a bucket, ms
 * @param counter  whether increase and resets are wanted
 */
export function rollUp({ times, values }: SeriesColumn, width: number, counter: boolean): Rollup {
  const rows = times.length;
  const begins: number[] = [];
  for (let row = 0, end = -Infinity; row < rows; row++) {
    const time = times[row] ?? 0;
    if (time <= end) continue;
    begins.push(row);
    end = Math.ceil(time / width) * width;
  }
  const rollup = emptyRollup(begins.length, counter);
  for (let bucket = 0; bucket < begins.length; bucket++) {
    const from = begins[bucket] ?? 0;
    const to = begins[bucket + 1] ?? rows;
    summarise(values, from, to, rollup, bucket);
    rollup.ends[bucket] = Math.ceil((times[from] ?? 0) / width) * width;
    rollup.count[bucket] = to - from;
    rollup.first[bucket] = values[from] ?? 0;
    rollup.last[bucket] = values[to - 1] ?? 0;
    rollup.firstAt[bucket] = times[from] ?? 0;
    rollup.lastAt[bucket] = times[to - 1] ?? 0;
  }
  return rollup;
}

/** Sum, extremes and, for counters, increase and resets of `values[from..to)`. */
function summarise(values: Float64Array, from: number, to: number, rollup: Rollup, bucket: number): void {
  let least = Infinity;
  let most = -Infinity;
  let sum = 0;
  let whole = true;
  for (let row = from; row < to; row++) {
    const value = values[row] ?? 0;
    if (value < least) least = value;
    if (value > most) most = value;
    whole &&= Math.floor(value) === value;
    sum += value;
  }
  // Comparing is faster than Math.min, but steps over NaN.
  if (Number.isNaN(sum)) for (let row = from; row < to; row++) if (Number.isNaN(values[row])) least = most = Number.NaN;
  rollup.sum[bucket] = whole ? sum : exactSum(values, from, to);
  // Not -0.
  rollup.min[bucket] = least + 0;
  rollup.max[bucket] = most + 0;
  if (rollup.counter === undefined) return;
  let terms: number[] | undefined;
  for (let row = from + 1; row < to; row++) {
    const before = values[row - 1] ?? 0;
    if ((values[row] ?? 0) < before) (terms ??= []).push(before);
  }
  const first = values[from] ?? 0;
  const last = values[to - 1] ?? 0;
  rollup.counter.resets[bucket] = terms?.length ?? 0;
  rollup.counter.increase[bucket] =
    whole && terms === undefined ? last - first : exactSum(Float64Array.of(last, -first, ...(terms ?? [])));
}

/** @param width  of the coarser buckets, ms: a multiple of the finer one's */
export function coarsen(fine: Rollup, width: number): Rollup {
  const rows = fine.ends.length;
  const begins: number[] = [];
  for (let row = 0, end = -Infinity; row < rows; row++) {
    if ((fine.ends[row] ?? 0) <= end) continue;
    begins.push(row);
    end = Math.ceil((fine.ends[row] ?? 0) / width) * width;
  }
  const coarse = emptyRollup(begins.length, fine.counter !== undefined);
  for (let bucket = 0; bucket < begins.length; bucket++) {
    const from = begins[bucket] ?? 0;
    const to = begins[bucket + 1] ?? rows;
    let least = Infinity;
    let most = -Infinity;
    let count = 0;
    for (let row = from; row < to; row++) {
      least = Math.min(least, fine.min[row] ?? 0);
      most = Math.max(most, fine.max[row] ?? 0);
      count += fine.count[row] ?? 0;
    }
    coarse.ends[bucket] = Math.ceil((fine.ends[from] ?? 0) / width) * width;
    coarse.count[bucket] = count;
    coarse.sum[bucket] = exactSum(fine.sum, from, to);
    coarse.min[bucket] = least;
    coarse.max[bucket] = most;
    coarse.first[bucket] = fine.first[from] ?? 0;
    coarse.last[bucket] = fine.last[to - 1] ?? 0;
    coarse.firstAt[bucket] = fine.firstAt[from] ?? 0;
    coarse.lastAt[bucket] = fine.lastAt[to - 1] ?? 0;
    if (fine.counter === undefined || coarse.counter === undefined) continue;
    const { increase, resets } = increaseOver(fine, fine.counter, from, to);
    coarse.counter.increase[bucket] = increase;
    coarse.counter.resets[bucket] = resets;
  }
  return coarse;
}

/** Of the rows `from..to)` together: within each, and from each to the next. */
function increaseOver(
  fine: Rollup,
  counter: CounterRollup,
  from: number,
  to: number,
): { readonly increase: number; readonly resets: number } {
  const terms = new Float64Array((to - from) * 3);
  let resets = 0;
  for (let row = from, at = 0; row < to; row++) {
    if (row > from) {
      const [before, after] = [fine.last[row - 1] ?? 0, fine.first[row] ?? 0];
      terms[at++] = after;
      if (after < before) resets++;
      else terms[at++] = -before;
    }
    terms[at++] = counter.increase[row] ?? 0;
    resets += counter.resets[row] ?? 0;
  }
  return { increase: exactSum(terms), resets };
}

/** The buckets of both, in order of time; where both have one, that of `over`. */
export function overlay(under: Rollup, over: Rollup): Rollup {
  const taken = new Set(over.ends);
  const rows = [
    ...Array.from(under.ends, (end, row) => ({ end, row, of: under })).filter(({ end }) => !taken.has(end)),
    ...Array.from(over.ends, (end, row) => ({ end, row, of: over })),
  ].toSorted((a, b) => a.end - b.end);
  const both = emptyRollup(rows.length, under.counter !== undefined && over.counter !== undefined);
  for (const [at, { row, of }] of rows.entries()) {
    for (const name of rollupColumns) both[name][at] = of[name][row] ?? 0;
    if (both.counter === undefined) continue;
    both.counter.increase[at] = of.counter?.increase[row] ?? 0;
    both.counter.resets[at] = of.counter?.resets[row] ?? 0;
  }
  return both;
}

/** But for the counter's. */
export const rollupColumns = ['ends', 'count', 'sum', 'min', 'max', 'first', 'last', 'firstAt', 'lastAt'] as const;

export function emptyRollup(buckets: number, counter: boolean): Rollup {
  const column = (): Float64Array => new Float64Array(buckets);
  return {
    ends: column(),
    count: column(),
    sum: column(),
    min: column(),
    max: column(),
    first: column(),
    last: column(),
    firstAt: column(),
    lastAt: column(),
    ...(counter ? { counter: { increase: column(), resets: column() } } : {}),
  };
}
