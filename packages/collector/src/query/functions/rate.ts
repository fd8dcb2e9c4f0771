/** How fast counters and gauges change. */
import { argument, type CallContext, type VectorFunction } from '../evaluate/call.ts';
import type { RangeSeries } from '../evaluate/value.ts';
import { overWindows, type Window, type WindowFunction } from '../evaluate/windows.ts';
import { metricName } from '../label-set.ts';
import { extrapolate, type ChangeKind } from './extrapolate.ts';
import { eachSeries } from './map.ts';
import { rollupFunctions, type RollupFunction } from './rollup-functions.ts';

/** From the first to the last sample of each window. */
function extrapolated(kind: ChangeKind): (series: RangeSeries, rangeMs: number) => WindowFunction {
  return ({ values }, rangeMs) => {
    const resets = kind.isCounter ? resetRows(values) : [];
    // Windows only move forward.
    let firstReset = 0;
    return ({ times, from, to, startMs, endMs }) => {
      const last = to - 1;
      const firstValue = values[from] ?? 0;
      let change = (values[last] ?? 0) - firstValue;
      while (firstReset < resets.length && (resets[firstReset] ?? 0) <= from) firstReset++;
      for (let index = firstReset; index < resets.length; index++) {
        const row = resets[index] ?? 0;
        if (row > last) break;
        change += values[row - 1] ?? 0;
      }
      const [firstMs, lastMs] = [times[from] ?? 0, times[last] ?? 0];
      const samples = to - from;
      return extrapolate(kind, rangeMs, { samples, firstValue, firstMs, lastMs, change, startMs, endMs });
    };
  };
}

/** Rows whose value is less than the one before. */
function resetRows(values: Float64Array): readonly number[] {
  const rows: number[] = [];
  for (let row = 1; row < values.length; row++) if ((values[row] ?? 0) < (values[row - 1] ?? 0)) rows.push(row);
  return rows;
}

/** Of the last two samples. */
function instant({ isCounter, perSecond }: ChangeKind): WindowFunction {
  return ({ times, values, from, to }) => {
    if (to - from < 2) return undefined;
    const [before, value] = [values[to - 2] ?? 0, values[to - 1] ?? 0];
    const change = isCounter && value < before ? value : value - before;
    if (!perSecond) return change;
    const seconds = ((times[to - 1] ?? 0) - (times[to - 2] ?? 0)) / 1000;
    return seconds === 0 ? undefined : change / seconds;
  };
}

function ofRange(
  windowFunction: (series: RangeSeries, rangeMs: number) => WindowFunction,
  { ofRollups, counts = false }: { readonly ofRollups?: RollupFunction; readonly counts?: boolean } = {},
): VectorFunction {
  return async (context) => {
    const range = await context.matrix(0);
    const results = await eachSeries(context, range.series, (series) => {
      const { rolledUp } = series;
      const function_ =
        rolledUp === undefined || ofRollups === undefined
          ? windowFunction(series, range.rangeMs)
          : ofRollups(rolledUp, range);
      return overWindows(series, range, context.steps.count, function_);
    });
    if (counts) for (const { labels } of results) noteIfNoCounter(context, labels.get(metricName));
    return results;
  };
}

/** By its name a metric may be no counter, and its rate mean nothing. */
function noteIfNoCounter(context: CallContext, name: string): void {
  if (name === '' || /_(?:total|sum|count|bucket)$/u.test(name)) return;
  context.annotations.info(
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${JSON.stringify(name)}`,
    argument(context, 0).span,
  );
}

function pairs(count: (before: number, value: number) => boolean): (window: Window) => number {
  return ({ values, from, to }) => {
    let found = 0;
    for (let row = from + 1; row < to; row++) if (count(values[row - 1] ?? 0, values[row] ?? 0)) found++;
    return found;
  };
}

export const rateFunctions = {
  rate: ofRange(extrapolated({ isCounter: true, perSecond: true }), { counts: true, ofRollups: rollupFunctions.rate }),
  increase: ofRange(extrapolated({ isCounter: true, perSecond: false }), {
    counts: true,
    ofRollups: rollupFunctions.increase,
  }),
  delta: ofRange(extrapolated({ isCounter: false, perSecond: false }), { ofRollups: rollupFunctions.delta }),
  irate: ofRange(() => instant({ isCounter: true, perSecond: true })),
  idelta: ofRange(() => instant({ isCounter: false, perSecond: false })),
  changes: ofRange(() => pairs((before, value) => value !== before && !(Number.isNaN(value) && Number.isNaN(before)))),
  resets: ofRange(() => pairs((before, value) => value < before), { ofRollups: rollupFunctions.resets }),
} satisfies Readonly<Record<string, VectorFunction>>;
