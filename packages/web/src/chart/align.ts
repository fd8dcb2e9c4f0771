import type { SeriesColumn } from '@tarsier/protocol';

/** Several series over one time axis, as uPlot draws them. */
export interface AlignedData {
  /** Unix ms, ascending. */
  readonly times: Float64Array;
  /** As long as `times`; NaN where a line is to break, and where a series has no sample of its own. */
  readonly values: readonly Float64Array[];
  /** Typical distance of two samples, ms; NaN with fewer than two. */
  readonly intervalMs: number;
}

/** A line may bridge this many intervals, not more. */
export const bridged = 2.5;

/**
 * Puts series on a common time axis. Series of one host share their times, and that case is one pass without a copy.
 * Where all series are silent for more than 2.5 intervals, a point of NaN breaks the lines.
 */
export function alignColumns(columns: readonly SeriesColumn[], from: number): AlignedData {
  const starts = columns.map(({ times }) => firstAtOrAfter(times, from));
  const shared = sharedTimes(columns, starts);
  const merged = shared ?? mergeTimes(columns, starts);
  const intervalMs = typicalInterval(merged);
  const times = breakGaps(merged, intervalMs);
  if (shared === times)
    return { times, values: columns.map((column, i) => column.values.subarray(starts[i])), intervalMs };
  const values = columns.map((column, i) => place(column, starts[i] ?? 0, times));
  return { times, values, intervalMs };
}

/** The times of all of them, where they have the same, as those of one host do. */
function sharedTimes(columns: readonly SeriesColumn[], starts: readonly number[]): Float64Array | undefined {
  const [first, ...others] = columns;
  if (first === undefined) return undefined;
  const times = first.times.subarray(starts[0]);
  const same = others.every((column, other) => {
    const start = starts[other + 1] ?? 0;
    if (column.times.length - start !== times.length) return false;
    for (let i = 0; i < times.length; i++) if (column.times[start + i] !== times[i]) return false;
    return true;
  });
  return same ? times : undefined;
}

function firstAtOrAfter(times: Float64Array, from: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mergeTimes(columns: readonly SeriesColumn[], starts: readonly number[]): Float64Array {
  const cursors = [...starts];
  const most = columns.reduce((sum, { times }, i) => sum + times.length - (starts[i] ?? 0), 0);
  const merged = new Float64Array(most);
  let length = 0;
  for (;;) {
    let next = Infinity;
    for (let i = 0; i < columns.length; i++) next = Math.min(next, columns[i]?.times[cursors[i] ?? 0] ?? Infinity);
    if (next === Infinity) return merged.subarray(0, length);
    merged[length++] = next;
    for (let i = 0; i < columns.length; i++) {
      const cursor = cursors[i] ?? 0;
      if (columns[i]?.times[cursor] === next) cursors[i] = cursor + 1;
    }
  }
}

/** The median distance of the newest few: an interval that was changed counts as soon as it shows. NaN of one. */
export function typicalInterval(times: Float64Array): number {
  const distances: number[] = [];
  for (let i = Math.max(1, times.length - 31); i < times.length; i++) {
    distances.push((times[i] ?? 0) - (times[i - 1] ?? 0));
  }
  // Those of an agent that never pauses are all the same.
  const [first = NaN] = distances;
  if (distances.every((distance) => distance === first)) return first;
  return distances.toSorted((a, b) => a - b)[distances.length >> 1] ?? NaN;
}

function breakGaps(times: Float64Array, intervalMs: number): Float64Array {
  let gaps = 0;
  for (let i = 1; i < times.length; i++) if ((times[i] ?? 0) - (times[i - 1] ?? 0) > bridged * intervalMs) gaps++;
  if (gaps === 0) return times;
  const broken: number[] = [];
  for (let i = 0; i < times.length; i++) {
    const time = times[i] ?? 0;
    const before = times[i - 1];
    if (before !== undefined && time - before > bridged * intervalMs) broken.push((before + time) / 2);
    broken.push(time);
  }
  return Float64Array.from(broken);
}

function place({ times, values }: SeriesColumn, start: number, axis: Float64Array): Float64Array {
  const placed = new Float64Array(axis.length).fill(NaN);
  let cursor = start;
  for (let i = 0; i < axis.length; i++) {
    if (times[cursor] === axis[i]) placed[i] = values[cursor++] ?? NaN;
  }
  return placed;
}

/**
 * As uPlot wants gaps: `null` breaks a line, `undefined` does not. A series that samples less often than its
 * neighbours is bridged over theirs. Without any NaN the column itself is given, which draws faster.
 */
export function withGaps(times: Float64Array, values: Float64Array): Float64Array | (number | null | undefined)[] {
  if (!hasGaps(values)) return values;
  const own = ownInterval(times, values);
  const drawn: (number | null | undefined)[] = Array.from(values, (value) => (Number.isNaN(value) ? null : value));
  let last = -1;
  for (let i = 0; i < drawn.length; i++) {
    if (drawn[i] === null) continue;
    const close = last >= 0 && (times[i] ?? 0) - (times[last] ?? 0) <= bridged * own;
    if (close) drawn.fill(undefined, last + 1, i);
    last = i;
  }
  return drawn;
}

function hasGaps(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}

function ownInterval(times: Float64Array, values: Float64Array): number {
  return typicalInterval(times.filter((_, i) => !Number.isNaN(values[i] ?? NaN)));
}
