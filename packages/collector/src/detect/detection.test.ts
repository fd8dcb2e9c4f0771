import type { Anomaly, MetricDescription } from '@tarsier/protocol';
import { expect, test } from 'vitest';
import type { StoredSamples } from '../stored-samples.ts';
import { createDetection, type Found, type Tuning } from './detection.ts';
import type { WatchSetting } from './lane.ts';
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
  expect(detection.open({ tenantId: 1, tenant: '' }).anomalies).toHaveLength(1);
  expect(detection.open({ tenantId: 3, tenant: '' }).anomalies).toEqual([]);
  // The first call only notes that nothing came since.
  detection.expire(t0 + 10_000_000);
  detection.expire(t0 + 10_000_000);
  expect(detection.open({ tenantId: 1, tenant: '' }).anomalies).toEqual([]);
});

test('noise whose neighbours resemble each other gives less than one anomaly in 20 minutes, and none that is strong', () => {
  // Lag-1 correlation 0.9: the five values in a row are hardly more than one.
  const found = Array.from({ length: 10 }, (_, seed) => {
    const noise = createNoise(seed);
    let level = 0;
    const values = Array.from({ length: 10_000 }, () => {
      level = 0.9 * level + Math.sqrt(1 - 0.81) * noise();
      return 50 + 5 * level;
    });
    return detect(storedSeries(values, { t0, metric: count })).found;
  }).flat();
  expect(found.length / 10).toBeLessThan(10_000 / 1200);
  expect(Math.max(...found.map(({ peakScore }) => peakScore))).toBeLessThan(6);
});

test.each([
  // Units per second on a level of 100 with a spread of 5, and by when it is seen.
  { slope: 0.5, withinS: 60 },
  { slope: 1, withinS: 30 },
  { slope: 5, withinS: 10 },
])('a drift of $slope a second is found within $withinS s', ({ slope, withinS }) => {
  const values = normal(1200, 100, 5).map((value, at) => value + slope * Math.max(0, at - 600));
  const { told } = detect(storedSeries(values, { t0, metric: count }));
  const foundAt = ((told[0]?.peakAt ?? Number.NaN) - t0) / 1000;
  expect(foundAt).toBeGreaterThan(600);
  expect(foundAt).toBeLessThan(600 + withinS);
});

test('a drift slower than what is learnt becomes usual on its way', () => {
  const values = normal(6000, 100, 5).map((value, at) => value + 0.02 * at);
  expect(detect(storedSeries(values, { t0, metric: count })).found).toEqual([]);
});

test.each([5, 30, 120, 600, 3000])('the uptime of a host booted %d s ago is nothing unusual', (uptime) => {
  const metric: MetricDescription = { name: 'uptime_seconds', kind: 'gauge', unit: 'seconds', help: '' };
  const values = Array.from({ length: 7200 }, (_, at) => uptime + at);
  expect(detect(storedSeries(values, { t0, metric })).found).toEqual([]);
});

test('five odd seconds make an anomaly with just their start and end, in whatever batches they come', () => {
  const values = normal(400, 10, 1);
  values.fill(80, 200, 205);
  const ends = [1, 7, 10, 400].map((rows) => {
    const batches = Array.from({ length: Math.ceil(values.length / rows) }, (_, batch) =>
      storedSeries(values.slice(batch * rows, (batch + 1) * rows), { t0: t0 + batch * rows * 1000, metric: count }),
    );
    return detect(...batches).found.map(({ start, end }) => [(start - t0) / 1000, ((end ?? 0) - t0) / 1000]);
  });
  expect(ends).toEqual([1, 7, 10, 400].map(() => [[200, 204]]));
});

test('odd values before and after a long pause are not one event', () => {
  const before = [...normal(300, 10, 1), 80, 80, 80];
  const after = [80, 80, ...normal(30, 10, 1)];
  const { found } = detect(
    storedSeries(before, { t0, metric: count }),
    storedSeries(after, { t0: t0 + 8 * 3_600_000, metric: count }),
  );
  expect(found).toEqual([]);
});

/** The same host's samples under a schema that has, or lacks, one more series. */
function withSecondSeries(batch: StoredSamples, { alone }: { alone: boolean }): StoredSamples {
  const { times, values } = batch.matrix;
  const steady = Array.from(times, () => 1);
  return {
    ...batch,
    schema: {
      ...batch.schema,
      schema: {
        metrics: [count],
        series: [{ metric: 0, labels: { other: '1' } }, ...(alone ? [] : [{ metric: 0, labels: {} }])],
      },
      seriesIds: Int32Array.from(alone ? [99] : [99, 1]),
    },
    matrix: { times, width: alone ? 1 : 2, values: Float64Array.from(alone ? steady : [...steady, ...values]) },
  };
}

test('a series that an agent lacks at its start is known when it comes back', () => {
  const both = withSecondSeries(storedSeries(normal(300, 10, 1), { t0, metric: count }), { alone: false });
  const restarted = withSecondSeries(storedSeries([0], { t0: t0 + 300_000, metric: count }), { alone: true });
  const again = withSecondSeries(storedSeries(normal(20, 60, 1), { t0: t0 + 301_000, metric: count }), {
    alone: false,
  });
  const { found } = detect(both, restarted, again);
  expect(found).toMatchObject([{ start: t0 + 301_000, labels: { host: 'a' } }]);
});

test('an anomaly of a series that is gone ends after five minutes, although its host goes on', () => {
  const odd = [...normal(300, 10, 1), ...normal(10, 60, 1)];
  const both = withSecondSeries(storedSeries(odd, { t0, metric: count }), { alone: false });
  const alone = Array.from({ length: 40 }, (_, batch) =>
    withSecondSeries(
      storedSeries(
        Array.from({ length: 10 }, () => 0),
        { t0: t0 + (31 + batch) * 10_000, metric: count },
      ),
      { alone: true },
    ),
  );
  const { detection, found } = detect(both, ...alone);
  expect(found).toMatchObject([{ labels: { host: 'a' }, end: t0 + 309_000 }]);
  expect(detection.open({ tenantId: 1, tenant: '' }).anomalies).toEqual([]);
});

test('a late batch of an older schema does not make the newer series strangers', () => {
  const both = withSecondSeries(storedSeries(normal(300, 10, 1), { t0, metric: count }), { alone: false });
  const late = storedSeries(normal(10, 10, 1), { t0, metric: count });
  const next = withSecondSeries(storedSeries(normal(20, 60, 1), { t0: t0 + 300_000, metric: count }), { alone: false });
  expect(detect(both, late, next).found).toHaveLength(1);
});

test('an agent that catches up is there, however old its samples are', () => {
  const { detection } = detect(storedSeries([...normal(300, 10, 1), ...normal(10, 60, 1)], { t0, metric: count }));
  const hour = 3_600_000;
  for (let batch = 0; batch < 3; batch++) {
    detection.consume(storedSeries(normal(10, 60, 1), { t0: t0 + (31 + batch) * 10_000, metric: count }));
    detection.expire(t0 + hour);
  }
  expect(detection.open({ tenantId: 1, tenant: '' }).anomalies).toHaveLength(1);
});

const scope = { tenantId: 1, tenant: 'tenant-1' };
const foundBefore = (anomalies: readonly Anomaly[]): Found => ({ anomalies, events: [] });

test('after a restart an anomaly goes on under its id, though the samples since then would start it later', () => {
  const values = [...normal(300, 10, 1), ...normal(40, 60, 1)];
  const [stored] = detect(storedSeries(values, { t0, metric: count })).found;
  // The restarted collector reads 70 samples before the step, and its first samples of it are lost.
  const kept = [...values.slice(230, 300), ...values.slice(305)];
  const { detection, found } = detect(storedSeries(kept, { t0: t0 + 235_000, metric: count }));
  expect(found[0]?.id).not.toBe(stored?.id);
  expect(detection.resume(scope, foundBefore(stored === undefined ? [] : [stored])).anomalies).toEqual([]);
  expect(detection.open(scope).anomalies).toMatchObject([{ id: stored?.id, start: stored?.start }]);
});

test('after a restart with too few samples to judge an anomaly lasts until its series is as usual', () => {
  const [stored] = detect(storedSeries([...normal(300, 10, 1), ...normal(40, 60, 1)], { t0, metric: count })).found;
  const { detection, found } = detect(storedSeries(normal(20, 60, 1), { t0: t0 + 340_000, metric: count }));
  expect(found).toEqual([]);
  expect(detection.resume(scope, foundBefore(stored === undefined ? [] : [stored])).anomalies).toEqual([]);
  detection.consume(storedSeries(normal(10, 60, 1), { t0: t0 + 360_000, metric: count }));
  expect(detection.open(scope).anomalies).toMatchObject([{ id: stored?.id }]);
  detection.consume(storedSeries(normal(10, 10, 1), { t0: t0 + 370_000, metric: count }));
  expect(detection.open(scope).anomalies).toEqual([]);
});

test('what was over when the collector started again, or left open twice, ends where it was last told of', () => {
  const [stored] = detect(storedSeries([...normal(300, 10, 1), ...normal(10, 60, 1)], { t0, metric: count })).found;
  if (stored === undefined) throw new Error('no anomaly');
  const quiet = detect(storedSeries(normal(100, 10, 1), { t0: t0 + 310_000, metric: count })).detection;
  expect(quiet.resume(scope, foundBefore([stored])).anomalies).toEqual([{ ...stored, end: stored.peakAt }]);
  const strange = detect().detection;
  expect(strange.resume(scope, foundBefore([stored])).anomalies).toEqual([{ ...stored, end: stored.peakAt }]);
  const lasting = detect(storedSeries(normal(10, 60, 1), { t0: t0 + 310_000, metric: count })).detection;
  const second = { ...stored, id: 'second', start: stored.start + 1000 };
  expect(lasting.resume(scope, foundBefore([second, stored])).anomalies).toEqual([{ ...second, end: second.peakAt }]);
  expect(lasting.open(scope).anomalies).toMatchObject([{ id: stored.id }]);
});

test('the peak of a lasting anomaly is told within ten seconds of samples, also when it does not grow any more', () => {
  const values = [...normal(300, 10, 1), ...Array.from({ length: 6 }, () => 40), 90, ...normal(30, 40, 1)];
  const { told } = detect(storedSeries(values.slice(0, 300), { t0, metric: count }));
  expect(told).toEqual([]);
  const batches = Array.from({ length: Math.ceil(values.length / 5) }, (_, batch) =>
    storedSeries(values.slice(batch * 5, batch * 5 + 5), { t0: t0 + batch * 5000, metric: count }),
  );
  const peaks = detect(...batches).told.map(({ value }) => value);
  expect(peaks.length).toBeLessThan(5);
  expect(peaks).toContain(90);
});

test('who says what is wanted once more, while the detectors are still told of it, waits until all know it, too', async () => {
  const { detection } = detect();
  const hosts = Array.from({ length: 5 }, (_, at) => `host-${at}`);
  for (const [at, host] of hosts.entries()) {
    const batch = storedSeries([1], { t0, metric: count, host });
    detection.consume({ ...batch, schema: { ...batch.schema, hostId: at + 1 } });
  }
  const told = new Set<string | undefined>();
  const slow: WatchSetting = {
    key: 'slow',
    matches({ labels }) {
      told.add(labels['host']);
      // Longer than a turn of the event loop may be.
      for (const begun = performance.now(); performance.now() < begun + 3;);
      return true;
    },
    sigmas: Infinity,
    kinds: [],
    hostKinds: [],
    surprise: 3,
  };
  const tuning: Tuning = { pageSurprise: Infinity, judged: [], settings: [slow] };
  const scope = { tenantId: 1, tenant: 'tenant-1' };
  const first = detection.tune(scope, tuning);
  expect([...told]).toEqual(['host-0']);
  await detection.tune(scope, tuning);
  expect([...told]).toEqual(hosts);
  await first;
});
