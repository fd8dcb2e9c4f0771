import type { Labels, MetricDescription } from '@tarsier/protocol';
import type { PushedSeries, PushedSeriesStore, PushRefusal } from '../doors/pushed-series.ts';

/** By how much a counter grows. */
export interface Increment {
  readonly metric: MetricDescription;
  readonly labels: Labels;
  readonly by: number;
}

/** Digits after the point that sums keep: a thousandth of a millionth of a second or dollar. */
const scale = 1e9;

/** All or nothing: a call must not be counted without what it cost. @returns why not, when there is no room */
export function addAll(store: PushedSeriesStore, increments: readonly Increment[]): PushRefusal | undefined {
  const found: PushedSeries[] = [];
  for (const { metric, labels } of increments) {
    const series = store.of(metric, labels);
    if (typeof series === 'string') return series;
    found.push(series);
  }
  for (const [index, series] of found.entries()) {
    // Otherwise a sum of cents would end in sixteen digits.
    series.value = Math.round((series.value + (increments[index]?.by ?? 0)) * scale) / scale;
  }
  return undefined;
}
