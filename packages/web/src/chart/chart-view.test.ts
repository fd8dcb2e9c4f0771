import type { Anomaly } from '@tarsier/protocol';
import { seriesSignature } from '@tarsier/protocol/labels';
import { expect, test } from 'vitest';
import type { HeldSeries } from '../data/source.ts';
import { chartSummary, chartView } from './chart-view.ts';
import type { ChartSettings } from './chart-view.ts';

const now = 1_700_000_000_000;
const settings: ChartSettings = { rate: false, unit: '', windowMs: 300_000, by: [], max: undefined };

function held(
  name: string,
  labels: Record<string, string>,
  values: number[],
  about: Partial<HeldSeries> = {},
): HeldSeries {
  const newest = now - 1000;
  return {
    name,
    labels,
    kind: 'gauge',
    unit: 'ratio',
    signature: seriesSignature({ name, labels }),
    column: {
      times: Float64Array.from(values, (_, i) => newest - (values.length - 1 - i) * 1000),
      values: Float64Array.from(values),
    },
    ...about,
  };
}

const cpu = ['user', 'system'].map((mode) =>
  held(
    'cpu_usage_ratio',
    { host: 'db-1', cpu: 'all', mode },
    Array.from({ length: 300 }, () => 0.25),
  ),
);

test('the newest sample stands at the right edge, five minutes are in view', () => {
  const view = chartView(cpu, [], settings, 600, now, undefined);
  expect([view.from, view.to]).toEqual([now - 301_000, now - 1000]);
  expect(view.lines.map(({ name, latest }) => [name, latest])).toEqual([
    ['user', 0.25],
    ['system', 0.25],
  ]);
});

test('when samples stay away, time goes on and the chart says it is stale', () => {
  const view = chartView(cpu, [], settings, 600, now + 60_000, undefined);
  expect(view.to).toBe(now + 45_000);
  expect(view.stale).toBe(true);
  expect(chartView(cpu, [], settings, 600, now, undefined).stale).toBe(false);
});

test('a counter is shown per second, with the unit of a rate', () => {
  const sent = held('network_sent_bytes_total', { host: 'db-1' }, [0, 2048, 4096], { kind: 'counter', unit: 'bytes' });
  const view = chartView([sent], [], { ...settings, rate: true }, 600, now, undefined);
  expect(view.unit).toBe('bytes/s');
  expect(view.lines[0]?.latest).toBe(2048);
});

const anomaly: Anomaly = {
  id: 'a1',
  host: 'db-1',
  metric: 'cpu_usage_ratio',
  labels: { cpu: 'all', mode: 'user' },
  detector: 'zscore',
  start: now - 60_000,
  peakScore: 5,
  peakAt: now - 50_000,
  value: 0.9,
  expected: 0.2,
  reason: 'far above its own past',
};

test.each([
  ['its own series', {}, 1],
  ['another host', { host: 'db-2' }, 0],
  ['another mode', { labels: { cpu: 'all', mode: 'idle' } }, 0],
  ['another metric', { metric: 'memory_used_ratio' }, 0],
  ['a time before the window', { start: now - 900_000, end: now - 800_000 }, 0],
  ['its own series, host among the labels', { labels: { cpu: 'all', mode: 'user', host: 'db-1' } }, 1],
])('an anomaly of %s', (_, change, count) => {
  const view = chartView(cpu, [{ ...anomaly, ...change }], settings, 600, now, undefined);
  expect(view.anomalies).toHaveLength(count);
});

test('of twenty disks the eight busiest are drawn, and the rest is counted', () => {
  const disks = Array.from({ length: 20 }, (_, i) =>
    held('diskio_busy_ratio', { host: 'db-1', device: `sd${i}` }, [i / 20, i / 20]),
  );
  const view = chartView(disks, [], settings, 600, now, undefined);
  expect(view.lines.map(({ name }) => name)).toEqual(['sd12', 'sd13', 'sd14', 'sd15', 'sd16', 'sd17', 'sd18', 'sd19']);
  expect(view.hidden).toBe(12);
});

test('the summary says the newest values in words', () => {
  const view = chartView(cpu, [anomaly], settings, 600, now, undefined);
  expect(chartSummary('CPU', view).replaceAll('\u00a0', ' ')).toBe(
    'CPU: user 25.0 %, system 25.0 %; 1 anomaly in view.',
  );
});

test('without any series there is nothing to draw and it says so', () => {
  const view = chartView([], [], settings, 600, now, undefined);
  expect(view.newest).toBeUndefined();
  expect(chartSummary('CPU', view)).toBe('CPU: no samples.');
});

test('the axis of the first samples is not the one of the empty chart before', () => {
  const empty = chartView([], [], settings, 600, now, undefined);
  expect(chartView(cpu, [], settings, 600, now, empty).held.range.max).toBeCloseTo(0.3);
});
