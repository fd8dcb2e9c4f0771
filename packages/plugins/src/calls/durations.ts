import type { Labels, MetricDescription } from '@tarsier/protocol';
import type { MetricSpec } from '../plugin.ts';
import type { Increment } from './increments.ts';

/** How long some calls took. */
export interface Durations {
  readonly count: number;
  readonly seconds: number;
  /** Calls by {@link HistogramSpec.bounds}, each by the first bound that it is not above; the last is above all. */
  readonly counts: readonly number[];
}

export interface HistogramSpec {
  readonly name: string;
  /** Upper bounds in seconds, ascending. */
  readonly bounds: readonly number[];
  readonly help: string;
}

/** The series of a histogram, for its plugin's table. */
export function histogramMetrics({ name, help }: HistogramSpec): Record<string, MetricSpec> {
  return {
    [`${name}_bucket`]: { kind: 'counter', unit: '', help: `${help} By upper bound in the label le.` },
    [`${name}_count`]: { kind: 'counter', unit: '', help: 'How many there were.' },
    [`${name}_sum`]: { kind: 'counter', unit: 'seconds', help: 'Their seconds together.' },
  };
}

export function durationOf(seconds: number, { bounds }: HistogramSpec): Durations {
  const counts = [...bounds, 0].map(() => 0);
  const at = bounds.findIndex((bound) => seconds <= bound);
  counts[at < 0 ? bounds.length : at] = 1;
  return { count: 1, seconds, counts };
}

/**
 * Counts by other bounds than a histogram has. A bucket goes whole to the first bound that is not below its own: durations
 * may look longer than they were, never shorter.
 *
 * @param counts  by `bounds`, and one more for what is above
 */
export function rebucket(
  counts: readonly number[],
  bounds: readonly number[],
  { bounds: own }: HistogramSpec,
): number[] {
  const result = [...own, 0].map(() => 0);
  for (const [index, count] of counts.entries()) {
    const bound = bounds[index] ?? Number.POSITIVE_INFINITY;
    const at = own.findIndex((one) => bound <= one);
    const to = at < 0 ? own.length : at;
    result[to] = (result[to] ?? 0) + count;
  }
  return result;
}

export function histogramIncrements(
  { name, bounds }: HistogramSpec,
  labels: Labels,
  durations: Durations,
): Increment[] {
  const metric = (suffix: string, unit: string): MetricDescription => ({
    name: `${name}${suffix}`,
    kind: 'counter',
    unit,
    help: '',
  });
  const bucket = metric('_bucket', '');
  let below = 0;
  return [
    ...bounds.map((bound, index): Increment => {
      below += durations.counts[index] ?? 0;
      return { metric: bucket, labels: { ...labels, le: String(bound) }, by: below };
    }),
    { metric: bucket, labels: { ...labels, le: '+Inf' }, by: durations.count },
    { metric: metric('_count', ''), labels, by: durations.count },
    { metric: metric('_sum', 'seconds'), labels, by: durations.seconds },
  ];
}
