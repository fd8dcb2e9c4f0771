/** One series' stored values as an answer: on a grid, gone on with, and with what is asked of a limit. */
import type { SeriesColumn, UnixMs } from '@tarsier/protocol';
import type { ForecastCrossing, SeriesForecast } from '@tarsier/protocol/api';
import { forecast, leastPoints, type Forecast } from './forecast.ts';

export interface ForecastRequest {
  readonly stepMs: number;
  readonly steps: number;
  readonly confidence: number;
  readonly limit?: number | undefined;
  readonly direction?: 'above' | 'below' | undefined;
}

/** Larger values are not reckoned with: their squares are no numbers. */
const largest = 1e150;
/** Part of the grid that has to have values. */
const leastShare = 0.3;

/** @returns a sentence where there is too little to go on */
export function forecastSeries(
  metric: Readonly<Record<string, string>>,
  column: SeriesColumn,
  request: ForecastRequest,
): SeriesForecast | string {
  const { stepMs, steps, confidence } = request;
  const grid = toGrid(column, stepMs);
  if (typeof grid === 'string') return grid;
  const { values, points, newestAt } = grid;
  const found = forecast(values, steps);
  const last = values[values.length - 1] ?? 0;
  // What was never negative does not become so: sizes, shares, counts.
  const least = values.every((value) => value >= 0) ? 0 : -Infinity;
  const bounded = (value: number): number => Math.max(least, value);
  const each = (value: (step: number) => number): number[] =>
    Array.from({ length: steps }, (_, step) => bounded(value(step)));
  const tail = (1 - confidence) / 2;
  const times = Array.from({ length: steps }, (_, step) => newestAt + (step + 1) * stepMs);
  const answer = {
    metric,
    model: found.model,
    relativeError: Number(found.relativeError.toFixed(3)),
    ...(found.season === undefined ? {} : { seasonMs: found.season * stepMs }),
    points,
    newest: { time: newestAt, value: last },
    times,
    median: each((step) => found.median[step] ?? 0),
    low: each((step) => found.quantile(step, tail)),
    high: each((step) => found.quantile(step, 1 - tail)),
  };
  if (request.limit === undefined) return answer;
  return { ...answer, crossing: crossingOf(answer, found, { ...request, limit: request.limit }, last) };
}

function crossingOf(
  { times, median, low, high }: Pick<SeriesForecast, 'times' | 'median' | 'low' | 'high'>,
  found: Forecast,
  { limit, direction: asked, steps }: ForecastRequest & { readonly limit: number },
  last: number,
): ForecastCrossing {
  const direction = asked ?? (last < limit ? 'above' : 'below');
  const isBeyond = (value: number): boolean => (direction === 'above' ? value >= limit : value <= limit);
  const first = (values: readonly number[]): UnixMs | undefined => times[values.findIndex(isBeyond)];
  const [at, earliest, latest] = [
    first(median),
    first(direction === 'above' ? high : low),
    first(direction === 'above' ? low : high),
  ];
  let probability = isBeyond(last) ? 1 : 0;
  for (let step = 0; step < steps; step++) {
    probability = Math.max(probability, found.chanceBeyond(step, limit, direction));
  }
  return {
    limit,
    direction,
    ...(at === undefined ? {} : { at }),
    ...(earliest === undefined ? {} : { earliest }),
    ...(latest === undefined ? {} : { latest }),
    probability: Number(probability.toFixed(3)),
  };
}

export interface Grid {
  /** One per step up to the newest, gaps filled in. */
  readonly values: Float64Array;
  readonly points: number;
  readonly newestAt: UnixMs;
}

/**
 * The mean of what each step has; between steps that have something, on a line.
 *
 * @returns or in words why it can't be forecast
 */
export function toGrid({ times, values }: SeriesColumn, stepMs: number): Grid | string {
  const usable = Array.from(values.keys()).filter((row) => Math.abs(values[row] ?? Number.NaN) < largest);
  const [first, final] = [usable[0], usable.at(-1)];
  if (first === undefined || final === undefined) return 'it has no finite value in the history';
  const [from, newestAt] = [times[first] ?? 0, times[final] ?? 0];
  const length = Math.round((newestAt - from) / stepMs) + 1;
  const [sums, counts] = [new Float64Array(length), new Uint32Array(length)];
  for (const row of usable) {
    const at = length - 1 - Math.round((newestAt - (times[row] ?? 0)) / stepMs);
    sums[at] = (sums[at] ?? 0) + (values[row] ?? 0);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const known = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  if (known < leastPoints) return `it has ${known} values in the history at this step, of at least ${leastPoints}`;
  if (known < leastShare * length) return `it has values in ${known} of ${length} steps of the history, too few`;
  return { values: filled(sums.map((sum, at) => sum / (counts[at] ?? 0))), points: known, newestAt };
}

/** @param values  NaN for a gap; the first and the last are values */
function filled(values: Float64Array): Float64Array {
  let previous = 0;
  for (let at = 0; at < values.length; at++) {
    if (Number.isNaN(values[at])) continue;
    const [low, high] = [values[previous] ?? 0, values[at] ?? 0];
    for (let gap = previous + 1; gap < at; gap++) {
      values[gap] = low + ((high - low) * (gap - previous)) / (at - previous);
    }
    previous = at;
  }
  return values;
}
