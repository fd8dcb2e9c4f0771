/** Hot file: the samples of a range at each step. */
import type { UnixMs } from '@tarsier/protocol';
import { emptySeries, type RangeSeries, type RangeVector, type VectorSeries } from './value.ts';

/** What a function over a range sees at one step: rows `from` to `to` (not included) of the series' columns. */
export interface Window {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly startMs: UnixMs;
  readonly endMs: UnixMs;
  readonly step: number;
}

/** @returns undefined for no value at this step. Not called without samples. */
export type WindowFunction = (window: Window) => number | undefined;

/** Not one per step: a function must not keep it. */
interface MovingWindow extends Window {
  from: number;
  to: number;
  startMs: UnixMs;
  endMs: UnixMs;
  step: number;
}

/** Where the windows of each step begin and end. Series of one host have their times in common, and so these. */
export class WindowBounds {
  #times: Float64Array | undefined;
  #of: Omit<RangeVector, 'series' | 'bounds'> | undefined;
  from = new Uint32Array();
  to = new Uint32Array();
  ends = new Float64Array();

  find(times: Float64Array, range: Omit<RangeVector, 'series'>, count: number): void {
    if (times === this.#times && range === this.#of && count === this.ends.length) return;
    const { rangeMs, endAt } = range;
    this.#times = times;
    this.#of = range;
    this.from = new Uint32Array(count);
    this.to = new Uint32Array(count);
    this.ends = new Float64Array(count);
    let [from, to] = [0, 0];
    for (let step = 0; step < count; step++) {
      const endMs = endAt(step);
      const startMs = endMs - rangeMs;
      while (to < times.length && (times[to] ?? 0) <= endMs) to++;
      while (from < to && (times[from] ?? 0) <= startMs) from++;
      this.from[step] = from;
      this.to[step] = to;
      this.ends[step] = endMs;
    }
  }
}

/** Moves over the windows of a series, which never go back; `visit` is not called for those without samples. */
export function eachWindow(
  { times, values }: Pick<RangeSeries, 'times' | 'values'>,
  range: Omit<RangeVector, 'series'>,
  count: number,
  visit: (window: Window) => void,
): void {
  const { bounds, lookedAt, rangeMs } = range;
  bounds.find(times, range, count);
  const window: MovingWindow = { times, values, from: 0, to: 0, startMs: 0, endMs: 0, step: 0 };
  for (let step = 0; step < count; step++) {
    const from = bounds.from[step] ?? 0;
    const to = bounds.to[step] ?? 0;
    if (from === to) continue;
    const endMs = bounds.ends[step] ?? 0;
    if (lookedAt !== undefined) lookedAt[step] = (lookedAt[step] ?? 0) + to - from;
    window.from = from;
    window.to = to;
    window.startMs = endMs - rangeMs;
    window.endMs = endMs;
    window.step = step;
    visit(window);
  }
}

/** One series of a function over a range; undefined when no step has a value. */
export function overWindows(
  series: RangeSeries,
  range: Omit<RangeVector, 'series'>,
  count: number,
  evaluate: WindowFunction,
  dropName = true,
): VectorSeries | undefined {
  const result = emptySeries(series.labels, dropName || series.dropName, count);
  let any = false;
  eachWindow(series, range, count, (window) => {
    const value = evaluate(window);
    if (value === undefined) return;
    result.values[window.step] = value;
    result.present[window.step] = 1;
    any = true;
  });
  return any ? result : undefined;
}
