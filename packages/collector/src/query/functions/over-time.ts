/** Hot file: what the samples of a range amount to. */
import type { VectorFunction } from '../evaluate/call.ts';
import { argument } from '../evaluate/call.ts';
import { Mean, Sum, sumOver } from '../evaluate/mean.ts';
import { isQuantile, quantileOf } from '../evaluate/quantile.ts';
import { overWindows, type Window, type WindowFunction } from '../evaluate/windows.ts';
import { formatShort } from '../language/number.ts';
import { eachSeries } from './map.ts';
import { rollupFunctions, type RollupFunction } from './rollup-functions.ts';

function overTime(evaluate: WindowFunction, ofRollups?: RollupFunction, dropName = true): VectorFunction {
  return async (context) => {
    const range = await context.matrix(0);
    return eachSeries(context, range.series, (series) => {
      const { rolledUp } = series;
      const function_ = rolledUp === undefined || ofRollups === undefined ? evaluate : ofRollups(rolledUp, range);
      return overWindows(series, range, context.steps.count, function_, dropName);
    });
  };
}

const mean: WindowFunction = ({ values, from, to }) => {
  let [total, lost] = [values[from] ?? 0, 0];
  for (let row = from + 1; row < to; row++) {
    const value = values[row] ?? 0;
    const next = total + value;
    // A sum that leaves the range of numbers needs more care.
    if (next === Infinity || next === -Infinity) return carefulMean(values, from, to);
    if (Math.abs(total) >= Math.abs(value)) lost += total - next + value;
    else lost += value - next + total;
    total = next;
  }
  return total / (to - from) + lost / (to - from);
};

function carefulMean(values: Float64Array, from: number, to: number): number {
  const mean = new Mean();
  for (let row = from; row < to; row++) mean.add(values[row] ?? 0);
  return mean.mean;
}

/** The row of the smallest or largest value, the first or the last of equals; any number goes before NaN. */
function extremeRow({ values, from, to }: Window, sign: 1 | -1, lastOfEquals: boolean): number {
  let best = from;
  let known = values[from] ?? Number.NaN;
  for (let row = from + 1; row < to; row++) {
    const value = values[row] ?? Number.NaN;
    if (sign * value > sign * known || known !== known || (lastOfEquals && value === known)) {
      best = row;
      known = value;
    }
  }
  return best;
}

/** As {@link extremeRow}, of which the value is enough: each comparison that is left out shows. */
const greatest: WindowFunction = ({ values, from, to }) => {
  let best = values[from] ?? Number.NaN;
  for (let row = from + 1; row < to; row++) {
    const value = values[row] ?? Number.NaN;
    if (value > best || best !== best) best = value;
  }
  return best;
};

const least: WindowFunction = ({ values, from, to }) => {
  let best = values[from] ?? Number.NaN;
  for (let row = from + 1; row < to; row++) {
    const value = values[row] ?? Number.NaN;
    if (value < best || best !== best) best = value;
  }
  return best;
};

const extremeTime =
  (sign: 1 | -1): WindowFunction =>
  (window) =>
    (window.times[extremeRow(window, sign, true)] ?? 0) / 1000;

/** Of the whole population, in one pass (Welford 1962, doi:10.1080/00401706.1962.10490022). */
const variance: WindowFunction = ({ values, from, to }) => {
  const [mean, squares] = [new Sum(), new Sum()];
  let count = 0;
  for (let row = from; row < to; row++) {
    const value = values[row] ?? 0;
    count++;
    const delta = value - mean.total;
    mean.add(delta / count);
    squares.add(delta * (value - mean.total));
  }
  return squares.total / count;
};

/** Median of the distances from the median. */
const medianDeviation: WindowFunction = ({ values, from, to }) => {
  const some = values.slice(from, to);
  if (some.some(Number.isNaN)) return Number.NaN;
  const median = quantileOf(0.5, some);
  return quantileOf(
    0.5,
    some.map((value) => Math.abs(value - median)),
  );
};

const quantile: VectorFunction = async (context) => {
  const phis = await context.scalar(0);
  for (const phi of new Set(phis)) {
    if (isQuantile(phi)) continue;
    context.annotations.warn(
      `quantile value should be between 0 and 1, got ${formatShort(phi)}`,
      argument(context, 0).span,
    );
  }
  const range = await context.matrix(1);
  return eachSeries(context, range.series, (series) =>
    overWindows(series, range, context.steps.count, ({ values, from, to, step }) =>
      quantileOf(phis[step] ?? Number.NaN, values.slice(from, to)),
    ),
  );
};

export const overTimeFunctions = {
  avg_over_time: overTime(mean, rollupFunctions.avg_over_time),
  count_over_time: overTime(({ from, to }) => to - from, rollupFunctions.count_over_time),
  first_over_time: overTime(({ values, from }) => values[from], rollupFunctions.first_over_time, false),
  last_over_time: overTime(({ values, to }) => values[to - 1], rollupFunctions.last_over_time, false),
  mad_over_time: overTime(medianDeviation),
  max_over_time: overTime(greatest, rollupFunctions.max_over_time),
  min_over_time: overTime(least, rollupFunctions.min_over_time),
  present_over_time: overTime(() => 1, rollupFunctions.present_over_time),
  quantile_over_time: quantile,
  stddev_over_time: overTime((window) => Math.sqrt(variance(window) ?? Number.NaN)),
  stdvar_over_time: overTime(variance),
  sum_over_time: overTime(({ values, from, to }) => sumOver(values, from, to), rollupFunctions.sum_over_time),
  ts_of_first_over_time: overTime(
    ({ times, from }) => (times[from] ?? 0) / 1000,
    rollupFunctions.ts_of_first_over_time,
  ),
  ts_of_last_over_time: overTime(({ times, to }) => (times[to - 1] ?? 0) / 1000, rollupFunctions.ts_of_last_over_time),
  ts_of_max_over_time: overTime(extremeTime(1)),
  ts_of_min_over_time: overTime(extremeTime(-1)),
} satisfies Readonly<Record<string, VectorFunction>>;
