/** Where a series is going: least squares and Holt's smoothing. */
import type { VectorFunction } from '../evaluate/call.ts';
import { Sum } from '../evaluate/mean.ts';
import { timeOf } from '../evaluate/steps.ts';
import { overWindows, type Window } from '../evaluate/windows.ts';
import { executionError } from '../language/query-error.ts';
import { eachSeries } from './map.ts';

interface Line {
  readonly slope: number;
  /** Value at the time that was asked for. */
  readonly intercept: number;
}

/** Least squares; exactly flat where all values are equal. @param atMs  the time of the intercept */
function fitLine({ times, values, from, to }: Window, atMs: number): Line {
  const [sumX, sumY, sumXY, sumX2] = [new Sum(), new Sum(), new Sum(), new Sum()];
  const first = values[from] ?? 0;
  let constant = true;
  for (let row = from; row < to; row++) {
    const value = values[row] ?? 0;
    constant &&= value === first;
    const x = ((times[row] ?? 0) - atMs) / 1000;
    sumX.add(x);
    sumY.add(value);
    sumXY.add(x * value);
    sumX2.add(x * x);
  }
  if (constant) {
    if (Number.isFinite(first)) return { slope: 0, intercept: first };
    return { slope: Number.NaN, intercept: Number.NaN };
  }
  const count = to - from;
  const covariance = sumXY.total - (sumX.total * sumY.total) / count;
  const variance = sumX2.total - (sumX.total * sumX.total) / count;
  const slope = covariance / variance;
  return { slope, intercept: sumY.total / count - (slope * sumX.total) / count };
}

const deriv: VectorFunction = async (context) => {
  const range = await context.matrix(0);
  return eachSeries(context, range.series, (series) =>
    overWindows(series, range, context.steps.count, (window) =>
      // Around the first sample, so that large times cost no precision.
      window.to - window.from < 2 ? undefined : fitLine(window, window.times[window.from] ?? 0).slope,
    ),
  );
};

const predictLinear: VectorFunction = async (context) => {
  const range = await context.matrix(0);
  const ahead = await context.scalar(1);
  return eachSeries(context, range.series, (series) =>
    overWindows(series, range, context.steps.count, (window) => {
      if (window.to - window.from < 2) return undefined;
      const { slope, intercept } = fitLine(window, timeOf(context.steps, window.step));
      return slope * (ahead[window.step] ?? 0) + intercept;
    }),
  );
};

/** Holt's linear method: level and trend, each weighed against its past. */
const doubleExponentialSmoothing: VectorFunction = async (context) => {
  const range = await context.matrix(0);
  const [smoothing, trending] = [await context.scalar(1), await context.scalar(2)];
  const check = (factor: number, what: string, short: string): void => {
    if (factor > 0 && factor < 1) return;
    throw executionError(`invalid ${what} factor. Expected: 0 < ${short} < 1, got: ${factor.toFixed(6)}`);
  };
  return eachSeries(context, range.series, (series) =>
    overWindows(series, range, context.steps.count, ({ values, from, to, step }) => {
      const [smooth, trendFactor] = [smoothing[step] ?? 0, trending[step] ?? 0];
      check(smooth, 'smoothing', 'sf');
      check(trendFactor, 'trend', 'tf');
      if (to - from < 2) return undefined;
      let level = values[from] ?? 0;
      let trend = (values[from + 1] ?? 0) - level;
      let before = 0;
      for (let row = from + 1; row < to; row++) {
        if (row > from + 1) trend = trendFactor * (level - before) + (1 - trendFactor) * trend;
        before = level;
        level = smooth * (values[row] ?? 0) + (1 - smooth) * (level + trend);
      }
      return level;
    }),
  );
};

export const trendFunctions = {
  deriv,
  predict_linear: predictLinear,
  double_exponential_smoothing: doubleExponentialSmoothing,
  holt_winters: doubleExponentialSmoothing,
} satisfies Readonly<Record<string, VectorFunction>>;
