import type { Anomaly, AnomalyEvent } from '@tarsier/protocol';
import { seriesSignature } from '@tarsier/protocol/labels';
import { expect, test } from 'vitest';
import type { HeldSeries } from '../data/source.ts';
import { chartSummary, chartView } from './chart-view.ts';
import type { ChartSettings, ChartViewInput } from './chart-view.ts';

const now = 1_700_000_000_000;
const settings: ChartSettings = {
  kind: 'line',
  stacked: false,
  log: false,
  rate: false,
  unit: '',
  windowMs: 300_000,
  by: [],
  min: undefined,
  max: undefined,
  thresholds: [],
  annotations: ['alert', 'event'],
};

function input(series: readonly HeldSeries[], more: Partial<ChartViewInput> = {}): ChartViewInput {
  return {
    series,
    compared: [],
    raw: true,
    forecasts: [],
    span: undefined,
    anomalies: [],
    events: [],
    alerts: [],
    ...more,
  };
}

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
  const view = chartView(input(cpu), settings, 600, now, undefined);
  expect([view.from, view.to]).toEqual([now - 301_000, now - 1000]);
  expect(view.lines.map(({ name, latest }) => [name, latest])).toEqual([
    ['user', 0.25],
    ['system', 0.25],
  ]);
});

test('when samples stay away, time goes on and the chart says it is stale', () => {
  const view = chartView(input(cpu), settings, 600, now + 60_000, undefined);
  expect(view.to).toBe(now + 45_000);
  expect(view.stale).toBe(true);
  expect(chartView(input(cpu), settings, 600, now, undefined).stale).toBe(false);
});

test('a counter is shown per second, with the unit of a rate', () => {
  const sent = held('network_sent_bytes_total', { host: 'db-1' }, [0, 2048, 4096], { kind: 'counter', unit: 'bytes' });
  const view = chartView(input([sent]), { ...settings, rate: true }, 600, now, undefined);
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
  [
    'many series, of which it is one',
    {
      metric: 'memory_used_ratio',
      contributors: [
        { metric: 'memory_used_ratio', labels: { host: 'db-1' }, share: 0.7 },
        { metric: 'cpu_usage_ratio', labels: { cpu: 'all', mode: 'user', host: 'db-1' }, share: 0.3 },
      ],
    },
    1,
  ],
  ['its own series, host among the labels', { labels: { cpu: 'all', mode: 'user', host: 'db-1' } }, 1],
])('an anomaly of %s', (_, change, count) => {
  const view = chartView(input(cpu, { anomalies: [{ ...anomaly, ...change }] }), settings, 600, now, undefined);
  expect(view.anomalies).toHaveLength(count);
});

const otherHost = held('cpu_usage_ratio', { host: 'db-2', cpu: 'all', mode: 'user' }, [0.25, 0.25]);

const event: AnomalyEvent = {
  id: 'e1',
  host: 'db-1',
  start: now - 61_000,
  peakAt: now - 50_000,
  peakSurprise: 6,
  peakRatio: 0.2,
  detectors: ['zscore'],
  seriesCount: 2,
  contributors: ['memory_used_ratio', 'cpu_usage_ratio'].map((metric) => ({
    metric,
    labels: { host: 'db-1', ...(metric === 'cpu_usage_ratio' ? { cpu: 'all', mode: 'user' } : {}) },
    detectors: ['zscore'],
    since: now - 60_000,
    strength: 3,
    peakScore: 5,
    peakAt: now - 50_000,
    value: 0.9,
    expected: 0.2,
    low: 0.1,
    high: 0.3,
  })),
  reason: 'CPU was far above usual',
};

test.each([
  ['has no other anomaly', {}, [{ id: 'e1', start: now - 60_000, low: 0.1, high: 0.3, reason: event.reason }]],
  ['is over', { events: [{ ...event, end: now - 30_000 }] }, [{ id: 'e1', end: now - 30_000 }]],
  ['has an anomaly of its own by now', { anomalies: [anomaly] }, [{ id: anomaly.id }]],
  ['had an anomaly of its own before', { anomalies: [{ ...anomaly, end: now - 59_000 }] }, [{ id: anomaly.id }]],
  [
    'another host has an anomaly beside',
    { anomalies: [{ ...anomaly, id: 'a2', host: 'db-2' }] },
    [{ id: 'a2' }, { id: 'e1' }],
  ],
  ['has no part in it', { events: [{ ...event, contributors: event.contributors.slice(0, 1) }] }, []],
])('what a series is part of in an event of its host is shaded: one that %s', (_, change, expected) => {
  const view = chartView(input([...cpu, otherHost], { events: [event], ...change }), settings, 600, now, undefined);
  expect(view.anomalies).toMatchObject(expected);
  expect(view.anomalies).toHaveLength(expected.length);
  const plain = chartView(
    input(cpu, { events: [event], ...change }),
    { ...settings, noAnomalies: true },
    600,
    now,
    view,
  );
  expect(plain.anomalies).toEqual([]);
});

test('of twenty disks the eight busiest are drawn, and the rest is counted', () => {
  const disks = Array.from({ length: 20 }, (_, i) =>
    held('diskio_busy_ratio', { host: 'db-1', device: `sd${i}` }, [i / 20, i / 20]),
  );
  const view = chartView(input(disks), settings, 600, now, undefined);
  expect(view.lines.map(({ name }) => name)).toEqual(['sd12', 'sd13', 'sd14', 'sd15', 'sd16', 'sd17', 'sd18', 'sd19']);
  expect(view.hidden).toBe(12);
});

test('the summary says the newest values in words', () => {
  const view = chartView(input(cpu, { anomalies: [anomaly] }), settings, 600, now, undefined);
  expect(chartSummary('CPU', view).replaceAll('\u00a0', ' ')).toBe(
    'CPU: user 25.0 %, system 25.0 %; 1 anomaly in view.',
  );
});

test('without any series there is nothing to draw and it says so', () => {
  const view = chartView(input([]), settings, 600, now, undefined);
  expect(view.newest).toBeUndefined();
  expect(chartSummary('CPU', view)).toBe('CPU: no samples.');
});

test('the axis of the first samples is not the one of the empty chart before', () => {
  const empty = chartView(input([]), settings, 600, now, undefined);
  expect(chartView(input(cpu), settings, 600, now, empty).held.range.max).toBeCloseTo(0.3);
});

test('lines of last week are dashed beside their own, in its colour, and tell nothing of now', () => {
  const earlier = cpu.map((series) => ({
    ...series,
    column: { times: series.column.times, values: series.column.values.map(() => 0.5) },
  }));
  const view = chartView(input(cpu, { compared: earlier }), settings, 600, now, undefined);
  expect(view.lines.map(({ name, slot, earlier: is }) => [name, slot, is])).toEqual([
    ['user', 0, false],
    ['system', 1, false],
    ['user', 0, true],
    ['system', 1, true],
  ]);
  expect(chartSummary('CPU', view)).not.toContain('50');
});

test('a stack is drawn one above the other, and read as it is', () => {
  const view = chartView(input(cpu), { ...settings, stacked: true }, 600, now, undefined);
  expect(view.lines.map(({ drawn, values }) => [drawn[0], values[0]])).toEqual([
    [0.25, 0.25],
    [0.5, 0.25],
  ]);
});

test('a forecast makes the time axis longer, and the value axis as high as its band', () => {
  const series = { metric: {}, model: 'trend', relativeError: 0.1, points: 100, newest: { time: now, value: 0.25 } };
  const ahead = { ...series, times: [now + 60_000], median: [0.4], low: [0.2], high: [0.9] };
  const view = chartView(
    input(cpu, { forecasts: [{ confidence: 0.8, series: [ahead] }] }),
    settings,
    600,
    now,
    undefined,
  );
  expect([view.to, view.end]).toEqual([now - 1000, now + 60_000]);
  expect(view.held.range.max).toBeGreaterThanOrEqual(0.9);
});

test('thresholds are within the axis, whatever the values are', () => {
  const view = chartView(input(cpu), { ...settings, thresholds: [{ value: 0.95 }] }, 600, now, undefined);
  expect(view.held.range.max).toBeGreaterThanOrEqual(0.95);
});

test('a fixed range is never stale, and ends where it ends', () => {
  const span = { from: now - 3_600_000, to: now - 1_000_000 };
  const view = chartView(input(cpu, { span }), settings, 600, now, undefined);
  expect([view.from, view.to, view.stale]).toEqual([span.from, span.to, false]);
});

test('alerts on its series and events of its hosts are marked; others are not', () => {
  const alert = {
    id: 'x',
    ruleId: 'r',
    name: 'CPU busy',
    severity: 'warning',
    host: 'db-1',
    metric: 'cpu_usage_ratio',
    labels: { cpu: 'all', mode: 'user' },
    state: { kind: 'firing', since: now - 30_000, value: 1 },
    reason: 'above 0.9',
  } as const;
  const view = chartView(input(cpu, { alerts: [alert, { ...alert, host: 'db-2' }] }), settings, 600, now, undefined);
  expect(view.markers).toEqual([{ kind: 'alert', time: now - 30_000, text: 'CPU busy: above 0.9' }]);
});
