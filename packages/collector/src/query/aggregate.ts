/** Hot file: samples to one value per step. */
import type { SeriesColumn, UnixMs } from '@tarsier/protocol';
import type { Aggregation } from '@tarsier/protocol/api';
import { coarsen, type Rollup } from '@tarsier/protocol/chunk';

/**
 * One value per step that has samples. Steps end at multiples of `stepMs` since 1970, so that the same samples give
 * the same values whatever range is asked for; the value at T is of the samples in (T - step, T], as in PromQL's
 * `…_over_time(x[step])`.
 *
 * @param start  first step end at or after it
 * @param end    last step end at or before it
 * @param column samples from {@link lookBackMs} before `start` on
 * @returns steps without a sample are left out; `rate` needs two samples, of which one may be before the step
 */
export function aggregate(
  column: SeriesColumn,
  start: UnixMs,
  end: UnixMs,
  stepMs: number,
  aggregation: Aggregation,
): SeriesColumn {
  const firstStep = Math.ceil(start / stepMs) * stepMs;
  const steps = Math.max(0, Math.floor((end - firstStep) / stepMs) + 1);
  const times = new Float64Array(steps);
  const values = new Float64Array(steps);
  const { times: sampleTimes, values: sampleValues } = column;
  let filled = 0;
  let from = 0;
  while (from < sampleTimes.length && (sampleTimes[from] ?? 0) <= firstStep - stepMs) from++;
  for (let step = 0; step < steps; step++) {
    const time = firstStep + step * stepMs;
    let to = from;
    while (to < sampleTimes.length && (sampleTimes[to] ?? 0) <= time) to++;
    if (to > from) {
      const value =
        aggregation === 'rate'
          ? rate(sampleTimes, sampleValues, from, to, stepMs)
          : reduce(sampleValues, from, to, aggregation);
      if (value !== undefined) {
        times[filled] = time;
        values[filled++] = value;
      }
    }
    from = to;
  }
  return { times: times.subarray(0, filled), values: values.subarray(0, filled) };
}

function reduce(values: Float64Array, from: number, to: number, aggregation: Exclude<Aggregation, 'rate'>): number {
  switch (aggregation) {
    case 'last':
      return values[to - 1] ?? Number.NaN;
    case 'count':
      return to - from;
    case 'min': {
      let least = Infinity;
      for (let row = from; row < to; row++) least = Math.min(least, values[row] ?? Number.NaN);
      return least;
    }
    case 'max': {
      let most = -Infinity;
      for (let row = from; row < to; row++) most = Math.max(most, values[row] ?? Number.NaN);
      return most;
    }
    case 'sum':
    case 'avg': {
      let sum = 0;
      for (let row = from; row < to; row++) sum += values[row] ?? Number.NaN;
      return aggregation === 'sum' ? sum : sum / (to - from);
    }
  }
}

/**
 * {@link aggregate} for rollups: the same steps, each of whole buckets.
 *
 * @param rollup  buckets whose width divides `stepMs`, from {@link lookBackMs} before `start` on; with increases when
 *   the aggregation is `rate`
 */
export function aggregateRollup(
  rollup: Rollup,
  start: UnixMs,
  end: UnixMs,
  stepMs: number,
  aggregation: Aggregation,
): SeriesColumn {
  const steps = coarsen(rollup, stepMs);
  const times: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < steps.ends.length; row++) {
    const time = steps.ends[row] ?? 0;
    if (time < start || time > end) continue;
    const value = aggregation === 'rate' ? rateOf(steps, row, stepMs) : reduceRow(steps, row, aggregation);
    if (value === undefined) continue;
    times.push(time);
    values.push(value);
  }
  return { times: Float64Array.from(times), values: Float64Array.from(values) };
}

function reduceRow(steps: Rollup, row: number, aggregation: Exclude<Aggregation, 'rate'>): number {
  if (aggregation === 'avg') return (steps.sum[row] ?? 0) / (steps.count[row] ?? 0);
  return steps[aggregation][row] ?? Number.NaN;
}

function rateOf({ count, first, last, firstAt, lastAt, counter }: Rollup, row: number, stepMs: number) {
  const at = lastAt[row] ?? 0;
  const begins = firstAt[row] ?? 0;
  const formerAt = row > 0 ? (lastAt[row - 1] ?? 0) : -Infinity;
  const increase = counter?.increase[row] ?? Number.NaN;
  if (begins - formerAt <= reach * stepMs) {
    const [former, value] = [last[row - 1] ?? 0, first[row] ?? 0];
    return ((increase + (value < former ? value : value - former)) * 1000) / (at - formerAt);
  }
  return (count[row] ?? 0) < 2 ? undefined : (increase * 1000) / (at - begins);
}

/** How many steps before the first sample of a step the former sample may lie, to count from. */
const reach = 2;

/** How far before `start` {@link aggregate} wants samples, so that the first value is that of any earlier start. */
export function lookBackMs(stepMs: number, aggregation: Aggregation): number {
  return (aggregation === 'rate' ? 1 + reach : 1) * stepMs;
}

/** Increase per second; a smaller value than before is a reset, from which the counter began at zero. */
function rate(times: Float64Array, values: Float64Array, from: number, to: number, stepMs: number): number | undefined {
  const before = from > 0 && (times[from] ?? 0) - (times[from - 1] ?? 0) <= reach * stepMs ? from - 1 : from;
  if (to - before < 2) return undefined;
  let increase = 0;
  for (let row = before + 1; row < to; row++) {
    const former = values[row - 1] ?? 0;
    const value = values[row] ?? 0;
    increase += value < former ? value : value - former;
  }
  return (increase * 1000) / ((times[to - 1] ?? 0) - (times[before] ?? 0));
}
