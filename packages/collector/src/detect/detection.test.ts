import type { Anomaly, MetricDescription } from '@tarsier/protocol';
import { expect, test } from 'vitest';
import type { StoredSamples } from '../stored-samples.ts';
import { createDetection } from './detection.ts';
import { createNoise, storedSeries } from './testing.ts';

const t0 = Date.UTC(2026, 10, 24, 10);
const ratio: MetricDescription = { name: 'busy', kind: 'gauge', unit: 'ratio', help: '' };
const count: MetricDescription = { name: 'queue', kind: 'gauge', unit: '', help: '' };
const counter: MetricDescription = { name: 'sent_total', kind: 'counter', unit: '', help: '' };

/** Anomalies by id, as they were last told, and every telling. */
function detect(...batches: readonly StoredSamples[]) {
  const told: Anomaly[] = [];
  const detection = createDetection({ onChange: (_, anomaly) => told.push(anomaly) });
  for (const batch of batches) detection.consume(batch);
  return { detection, told, found: [...new Map(told.map((anomaly) => [anomaly.id, anomaly])).values()] };
}

const second = (anomaly: Anomaly | undefined): number => ((anomaly?.start ?? Number.NaN) - t0) / 1000;
const normal = (length: number, mean: number, spread: number, seed = 1): number[] => {
  const noise = createNoise(seed);
  return Array.from({ length }, () => mean + spread * noise());
};

test('three hours of plain noise are quiet', () => {
  // Five values in a row beyond 2.5 sigma have a chance of 3e-10 each second.
  for (let seed = 1; seed <= 10; seed++) {
    expect(detect(storedSeries(normal(10_000, 50, 5, seed), { t0, metric: count })).found).toEqual([]);
  }
});

test('a step is found five seconds after it began, with its start, and says what was usual', () => {
  const values = [...normal(300, 0.2, 0.02), ...normal(60, 0.9, 0.02)];
  const { told, found } = detect(storedSeries(values, { t0, metric: ratio }));
  expect(found).toHaveLength(1);
  expect(second(found[0])).toBe(300);
  expect(found[0]).toMatchObject({ host: 'a', metric: 'busy', labels: { host: 'a' }, detector: 'zscore' });
  expect(found[0]?.expected).toBeCloseTo(0.2, 1);
  expect(found[0]?.reason).toMatch(
    /^busy\{host="a"\} was 0\.9\d* at 10:05:\d\d UTC, where 0\.2\d* ± \S+ was usual \(\d+/u,
  );
  // Opened on the fifth unusual value; its peak is told of at most every ten seconds.
  expect(told[0]?.peakAt).toBeLessThanOrEqual(t0 + 304_000);
  expect(told.length).toBeLessThan(10);
});

test('an anomaly ends after five usual seconds, and a lasting change becomes usual', () => {
  const short = detect(
    storedSeries([...normal(300, 10, 1), ...normal(30, 40, 1), ...normal(60, 10, 1)], { t0, metric: count }),
  );
  expect(short.found).toHaveLength(1);
  expect(((short.found[0]?.end ?? 0) - t0) / 1000).toBeGreaterThanOrEqual(329);
  expect(((short.found[0]?.end ?? 0) - t0) / 1000).toBeLessThan(341);
  const lasting = detect(storedSeries([...normal(300, 10, 1), ...normal(1800, 40, 1)], { t0, metric: count }));
  expect(lasting.found).toHaveLength(1);
  expect(lasting.found[0]?.end).toBeDefined();
});

test('one odd second, or four, is no event', () => {
  const values = normal(400, 10, 1);
  for (const at of [200, 300, 301, 302, 303]) values[at] = 500;
  expect(detect(storedSeries(values, { t0, metric: count })).found).toEqual([]);
});

test('nothing is judged before a minute of samples is known', () => {
  expect(detect(storedSeries([...normal(30, 1, 0.1), ...normal(20, 100, 0.1)], { t0, metric: count })).found).toEqual(
    [],
  );
});

test('a change that is too small to matter is none, however steady the series was', () => {
  const steady = Array.from({ length: 300 }, () => 0.5);
  expect(detect(storedSeries([...steady, ...steady.map(() => 0.53)], { t0, metric: ratio })).found).toEqual([]);
  expect(detect(storedSeries([...steady, ...steady.map(() => 0.7)], { t0, metric: ratio })).found).toHaveLength(1);
});

test('a counter is judged by its rate, and its reset is no anomaly', () => {
  const rates = [
    ...Array.from({ length: 200 }, () => 100),
    ...Array.from({ length: 20 }, () => 1000),
    ...Array.from({ length: 100 }, () => 100),
  ];
  let value = 1e6;
  const values = rates.map((rate, at) => (value = at === 100 ? 0 : value + rate));
  const { found } = detect(storedSeries(values, { t0, metric: counter }));
  expect(found).toHaveLength(1);
  expect(second(found[0])).toBe(200);
  expect(found[0]?.reason).toContain('rate of sent_total{host="a"} was 1000 per second');
});

test('gaps, infinities and late batches neither disturb nor count', () => {
  const values = normal(600, 10, 1);
  for (let at = 200; at < 260; at++) values[at] = Number.NaN;
  values[300] = Infinity;
  const late = storedSeries(normal(30, 900, 1), { t0: t0 + 100_000, metric: count });
  const { found } = detect(storedSeries(values, { t0, metric: count }), late);
  expect(found).toEqual([]);
});

test('what was learnt stays when the schema grows, and an anomaly goes on under its id', () => {
  const before = storedSeries([...normal(300, 10, 1), ...normal(10, 60, 1)], { t0, metric: count, seriesId: 7 });
  const rows = 10;
  const grown: StoredSamples = {
    ...before,
    schema: {
      ...before.schema,
      schema: {
        metrics: [count],
        series: [
          { metric: 0, labels: { new: '1' } },
          { metric: 0, labels: {} },
        ],
      },
      seriesIds: Int32Array.of(8, 7),
    },
    matrix: {
      times: Float64Array.from({ length: rows }, (_, row) => t0 + 310_000 + row * 1000),
      width: 2,
      values: Float64Array.from([...normal(rows, 1, 0.1), ...normal(rows, 10, 1)]),
    },
  };
  const { found } = detect(before, grown);
  expect(found).toHaveLength(1);
  expect(found[0]?.end).toBeDefined();
});

test('found again after a restart it has the same id, so that it is stored once', () => {
  const batch = storedSeries([...normal(300, 10, 1), ...normal(30, 60, 1)], { t0, metric: count });
  expect(detect(batch).found[0]?.id).toBe(detect(batch).found[0]?.id);
});

test('a tenant sees its own anomalies alone, and those of a silent host end', () => {
  const values = [...normal(300, 10, 1), ...normal(10, 60, 1)];
  const { detection, found } = detect(
    storedSeries(values, { t0, metric: count, tenantId: 1 }),
    storedSeries(values, { t0, metric: count, tenantId: 2 }),
  );
  expect(new Set(found.map(({ id }) => id)).size).toBe(2);
  expect(detection.open({ tenantId: 1, tenant: '' })).toHaveLength(1);
  expect(detection.open({ tenantId: 3, tenant: '' })).toEqual([]);
  // The first call only notes that nothing came since.
  detection.expire(t0 + 10_000_000);
  detection.expire(t0 + 10_000_000);
  expect(detection.open({ tenantId: 1, tenant: '' })).toEqual([]);
});
