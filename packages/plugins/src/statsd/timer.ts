import type { Labels } from '@tarsier/protocol';
import { describeMetric } from '@tarsier/protocol/formats';
import { createQuantileSketch } from '../doors/quantile-sketch.ts';
import type { PushedSeries, PushedSeriesStore, PushRefusal } from '../doors/pushed-series.ts';

const quantiles = [0.5, 0.95, 0.99, 1] as const;

/** Values of one series of timers, histograms or distributions: count and sum since ever, quantiles of late. */
export interface Timer {
  /** @param weight  how many events it stands for */
  add(value: number, weight: number): void;
  /** Brings the quantiles up to date. To be called at each tick. */
  tick(): void;
}

interface TimerSeries {
  readonly count: PushedSeries;
  readonly sum: PushedSeries;
  /** By {@link quantiles}. */
  readonly gauges: readonly PushedSeries[];
}

/** @returns why there can't be one, when the store has no room for all its series */
export function timerSeries(
  store: PushedSeriesStore,
  { name, unit, labels, windowMs }: { name: string; unit: string; labels: Labels; windowMs: number },
): TimerSeries | PushRefusal {
  const count = store.of(describeMetric(`${name}_count`, 'counter', '', 'How many values came.'), labels);
  if (typeof count === 'string') return count;
  const sum = store.of(describeMetric(`${name}_sum`, 'counter', unit, 'Sum of the values.'), labels);
  if (typeof sum === 'string') return sum;
  const metric = describeMetric(
    name,
    'gauge',
    unit,
    `Quantiles of the values of the last ${windowMs / 1000} s or more.`,
  );
  const gauges: PushedSeries[] = [];
  for (const quantile of quantiles) {
    const gauge = store.of(metric, { ...labels, quantile: String(quantile) });
    if (typeof gauge === 'string') return gauge;
    gauges.push(gauge);
  }
  return { count, sum, gauges };
}

/** @param windowMs  quantiles are those of one to two windows */
export function createTimer({ count, sum, gauges }: TimerSeries, windowMs: number, now: () => number): Timer {
  // Two, so that there always is a whole window: the older one ends when a new one begins.
  let [current, previous] = [createQuantileSketch(), createQuantileSketch()];
  let windowFrom = now();
  let changed = false;

  function rotate(): void {
    const age = now() - windowFrom;
    if (age < windowMs) return;
    [current, previous] = [previous, current];
    current.clear();
    if (age >= 2 * windowMs) previous.clear();
    windowFrom = now();
    changed = true;
  }

  return {
    add(value, weight) {
      rotate();
      current.add(value, weight);
      changed = true;
      count.value += weight;
      // A sum that falls would look like a counter that began anew.
      if (value > 0) sum.value += value * weight;
      count.seenAt = sum.seenAt = now();
      for (const gauge of gauges) gauge.seenAt = count.seenAt;
    },
    tick() {
      rotate();
      if (!changed) return;
      changed = false;
      const merged = createQuantileSketch();
      merged.merge(previous);
      merged.merge(current);
      for (const [index, quantile] of quantiles.entries()) {
        const gauge = gauges[index];
        if (gauge !== undefined) gauge.value = round(merged.quantile(quantile));
      }
    },
  };
}

/** Four digits: a sketch knows no more, and more cost bytes. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
