/**
 * Hot file: which series changed when an incident began. Of each, "before or after" is correlated with its values by
 * ranks, so that neither its unit nor a single spike counts; a drift that was there before is taken off first. It is
 * most of what `GET /v1/incidents/{id}/changes` takes (`pnpm bench api`).
 */
import type { SeriesColumn, UnixMs } from '@tarsier/protocol';
import { countBelow, countUpTo } from '../../bisect.ts';
import { median, medianOfSorted } from '../../stats/median.ts';
import { minuteMs } from '../../storage/hours.ts';

/** What is compared: the time before `start` with the time after it, up to `end`. */
export interface ChangeWindow {
  readonly from: UnixMs;
  /** When the incident began. */
  readonly start: UnixMs;
  readonly end: UnixMs;
}

export interface SeriesChange {
  /** 0 to 1. */
  readonly score: number;
  /** Rank-biserial, -1 to 1 (Cureton 1956, doi:10.1007/BF02289138): 1 when all values after are higher. */
  readonly correlation: number;
  readonly before: number;
  readonly after: number;
  readonly changedAt: UnixMs;
}

/** A cause may be this much older than what it leads to; what is seen of the effects may come a little later. */
const searched = { beforeMs: 5 * minuteMs, afterMs: 2 * minuteMs } as const;
const least = { before: 8, after: 3, score: 0.2, correlation: 0.5 } as const;
/** A move by so many spreads scores a half. */
const halfSpreads = 3;
/** Of a series that hardly ever moves, this share of its value counts as its spread. */
const leastSpread = 0.01;
const normalConsistency = 1.4826;

/**
 * @param column  one value per step, times ascending; NaN is no value
 * @returns undefined where there is too little of it, or no change
 */
export function changeOf(column: SeriesColumn, { from, start, end }: ChangeWindow): SeriesChange | undefined {
  const { times, values } = withoutGaps(column, from, end);
  // Many of a host's series are.
  if (isConstant(values)) return undefined;
  const first = times.findIndex((time) => time >= start - searched.beforeMs);
  if (first < least.before || times.length - first < least.after) return undefined;
  const drift = driftOf(times.subarray(0, first), values.subarray(0, first));
  const level = new Float64Array(values.length);
  for (let row = 0; row < level.length; row++) level[row] = (values[row] ?? 0) - drift.at(times[row] ?? 0);
  const split = bestSplit(times, level, first, start + searched.afterMs);
  if (split === undefined || Math.abs(split.correlation) < least.correlation) return undefined;
  const { at, correlation } = split;
  const [before, after] = [median(values.subarray(0, at)), median(values.subarray(at))];
  const calm = level.subarray(0, at);
  const middle = median(calm);
  // Both with the drift and without it: what only goes on as before has not changed.
  const shifts = [median(level.subarray(at)) - middle, after - before];
  if (shifts.some((shift) => Math.sign(shift) !== Math.sign(correlation))) return undefined;
  const spread = Math.max(
    normalConsistency * median(calm.map((value) => Math.abs(value - middle))),
    leastSpread * Math.abs(before),
    Number.MIN_VALUE,
  );
  const moved = Math.min(...shifts.map(Math.abs)) / spread;
  const changedAt = times[at] ?? start;
  const far = 1 - 0.5 * Math.min(1, Math.abs(changedAt - start) / searched.beforeMs);
  const score = Math.abs(correlation) * (1 - halfSpreads / (halfSpreads + moved)) * far;
  return score < least.score ? undefined : { score, correlation, before, after, changedAt };
}

function withoutGaps({ times, values }: SeriesColumn, from: UnixMs, end: UnixMs): SeriesColumn {
  const kept = { times: new Float64Array(times.length), values: new Float64Array(times.length) };
  let count = 0;
  for (let row = 0; row < times.length; row++) {
    const [time, value] = [times[row] ?? 0, values[row] ?? Number.NaN];
    if (time < from || time > end || !Number.isFinite(value)) continue;
    kept.times[count] = time;
    kept.values[count++] = value;
  }
  return { times: kept.times.subarray(0, count), values: kept.values.subarray(0, count) };
}

/** The line through the medians of the first and the last third (Tukey 1977): outliers do not tilt it. */
function driftOf(times: Float64Array, values: Float64Array): { at(time: UnixMs): number } {
  const third = Math.floor(times.length / 3);
  const [left, right] = [median(values.subarray(0, third)), median(values.subarray(-third))];
  const width = medianOfSorted(times.subarray(-third)) - medianOfSorted(times.subarray(0, third));
  const slope = width > 0 ? (right - left) / width : 0;
  const origin = times[0] ?? 0;
  return { at: (time) => slope * (time - origin) };
}

/**
 * The split from `first` on, up to the time `last`, that a step fits best, by least squares. Of values beyond the outer
 * fiftieths only that counts, so that a spike is no step.
 *
 * @returns the index of the first value after it
 */
function bestSplit(
  times: Float64Array,
  values: Float64Array,
  first: number,
  last: UnixMs,
): { readonly at: number; readonly correlation: number } | undefined {
  const count = values.length;
  const sorted = values.toSorted();
  const outer = Math.ceil(count / 50);
  const [low, high] = [sorted[outer] ?? 0, sorted[count - 1 - outer] ?? 0];
  const clipped = new Float64Array(count);
  for (let row = 0; row < count; row++) clipped[row] = Math.min(high, Math.max(low, values[row] ?? 0));
  const all = sumOf(clipped);
  let sum = sumOf(clipped.subarray(0, first));
  let best: { readonly at: number; readonly fit: number } | undefined;
  for (let at = first; at <= count - least.after && (times[at] ?? 0) <= last; at++) {
    const fit = Math.abs((all - sum) / (count - at) - sum / at) * Math.sqrt(at * (count - at));
    if (best === undefined || fit > best.fit) best = { at, fit };
    sum += clipped[at] ?? 0;
  }
  if (best === undefined) return undefined;
  const { at } = best;
  let ranks = 0;
  for (let row = at; row < count; row++) ranks += rankOf(values[row] ?? 0, sorted);
  // Ranks are whole or halves, and so are their sums: those before have what is left of all.
  const [before, after] = [((count * (count + 1)) / 2 - ranks) / at, ranks / (count - at)];
  return { at, correlation: (2 / count) * (after - before) };
}

function isConstant(values: Float64Array): boolean {
  const [first] = values;
  return values.every((value) => value === first);
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** Among all of them, 1 for the lowest; equal values share the mean of their ranks. */
function rankOf(value: number, sorted: Float64Array): number {
  return (countBelow(sorted, value) + countUpTo(sorted, value) + 1) / 2;
}
