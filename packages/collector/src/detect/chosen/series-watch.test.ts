import { expect, test } from 'vitest';
import type { Anomaly, MetricDescription } from '@tarsier/protocol';
import { createNoise } from '../../stats/noise.ts';
import { createDetection, type Detection } from '../detection.ts';
import type { WatchSetting } from '../lane.ts';
import { seriesDetectors } from '../registry.ts';
import { storedSeries } from '../testing.ts';

const t0 = Date.UTC(2026, 10, 24, 10);
const scope = { tenantId: 1, tenant: 'tenant-1' };
const latency: MetricDescription = { name: 'latency', kind: 'gauge', unit: '', help: '' };
const sent: MetricDescription = { name: 'sent_total', kind: 'counter', unit: '', help: '' };
const batchRows = 10;

const choose = (names: readonly string[], more: Partial<WatchSetting> = {}): WatchSetting => ({
  key: 'setting',
  matches: () => true,
  sigmas: 2.5,
  kinds: seriesDetectors.filter(({ name }) => names.includes(name)),
  hostKinds: [],
  surprise: 4,
  ...more,
});

/** Quiet for 100 minutes, then moved for five, then quiet again. */
function values(seed: number): number[] {
  const noise = createNoise(seed);
  return Array.from({ length: 7_000 }, (_, at) => 100 + noise() + (at >= 6_000 && at < 6_300 ? 25 : 0));
}

function feed(detection: Detection, list: readonly number[], metric: MetricDescription, from = 0): void {
  let total = 0;
  const raw = metric.kind === 'counter' ? list.map((value) => (total += value)) : list;
  for (let at = from; at < list.length; at += batchRows) {
    detection.consume(storedSeries(raw.slice(at, at + batchRows), { t0: t0 + at * 1000, metric }));
  }
}

function watch(setting: WatchSetting | undefined) {
  const told: Anomaly[] = [];
  const detection = createDetection({ onChange: (_, anomaly) => told.push(anomaly) });
  const settings = setting === undefined ? [] : [setting];
  void detection.tune(scope, { pageSurprise: Infinity, judged: [], settings });
  return { detection, told };
}

test.each([
  ['ensemble', latency],
  ['ensemble', sent],
  ['extreme-value', latency],
])(
  '%s, where it is chosen, tells of means of %o that are unlike their past, with the band that was usual',
  (name, metric) => {
    const { detection, told } = watch(choose([name], { sigmas: Infinity }));
    feed(detection, values(1), metric);
    const found = [...new Map(told.map((anomaly) => [anomaly.id, anomaly])).values()];
    const during = found.filter(({ start, end = Infinity }) => start < t0 + 6_310_000 && end > t0 + 5_990_000);
    expect(during.length).toBeGreaterThanOrEqual(1);
    const [anomaly] = during;
    expect(anomaly).toMatchObject({ detector: name, metric: metric.name, host: 'a' });
    expect(anomaly?.value).toBeGreaterThan(anomaly?.high ?? Infinity);
    expect(anomaly?.low).toBeLessThan(100);
    expect(anomaly?.peakScore).toBeGreaterThanOrEqual(4);
    expect(anomaly?.end).toBeDefined();
    expect(anomaly?.reason).toContain(`(${name}: one in 10^`);
    // 570 quiet means at one in 10,000.
    expect(found.length - during.length).toBeLessThanOrEqual(1);
  },
);

test('series that a setting leaves alone have no anomalies, and others keep theirs', () => {
  const usual = watch(undefined);
  feed(usual.detection, values(2), latency);
  expect(usual.told.length).toBeGreaterThan(0);
  const { detection, told } = watch(choose([], { sigmas: Infinity }));
  feed(detection, values(2), latency);
  expect(told).toEqual([]);
  const other = watch(choose([], { sigmas: Infinity, matches: ({ name }) => name !== 'latency' }));
  feed(other.detection, values(2), latency);
  expect(other.told).toEqual(usual.told);
  const deaf = watch(choose([], { sigmas: 90 }));
  feed(deaf.detection, values(2), latency);
  expect(deaf.told).toEqual([]);
});

test('a setting that comes later counts from then on, and what was learnt stays', () => {
  const { detection, told } = watch(undefined);
  const list = values(3);
  feed(detection, list.slice(0, 6_000), latency);
  void detection.tune(scope, { pageSurprise: Infinity, judged: [], settings: [choose([], { sigmas: Infinity })] });
  feed(detection, list, latency, 6_000);
  expect(told.filter(({ start }) => start >= t0 + 5_995_000)).toEqual([]);
});

test('a setting that is added for other series ends nothing that is unusual', () => {
  const setting = choose(['ensemble'], { sigmas: Infinity });
  const { detection, told } = watch(setting);
  feed(detection, values(5).slice(0, 6_100), latency);
  const [open] = detection.open(scope).anomalies;
  expect(open?.detector).toBe('ensemble');
  told.length = 0;
  const other = choose([], { key: 'other', matches: ({ name }) => name !== 'latency' });
  void detection.tune(scope, { pageSurprise: Infinity, judged: [], settings: [setting, other] });
  expect([told, detection.open(scope).anomalies]).toEqual([[], [open]]);
});

test('chosen detectors go on bit for bit after a restart', () => {
  const list = values(4);
  const first = watch(choose(['ensemble']));
  feed(first.detection, list.slice(0, 5_000), latency);
  const second = watch(choose(['ensemble']));
  for (const { scope: of, ...state } of first.detection.checkpoints()) second.detection.restore(of, state);
  first.told.length = 0;
  feed(first.detection, list, latency, 5_000);
  feed(second.detection, list, latency, 5_000);
  const ensemble = (told: readonly Anomaly[]) => told.filter(({ detector }) => detector === 'ensemble');
  expect(ensemble(first.told).length).toBeGreaterThan(0);
  expect(ensemble(second.told)).toEqual(ensemble(first.told));
});

test('what a chosen detector sees as unusual still goes on after a restart, and is over where it is not', () => {
  const list = values(5).slice(0, 6_100);
  const first = watch(choose(['ensemble'], { sigmas: Infinity }));
  feed(first.detection, list, latency);
  const [open] = first.detection.open(scope).anomalies;
  if (open === undefined) throw new Error('no anomaly');
  const second = watch(choose(['ensemble'], { sigmas: Infinity }));
  for (const { scope: of, ...state } of first.detection.checkpoints()) second.detection.restore(of, state);
  feed(second.detection, [...list, ...list.slice(-10)], latency, 6_100);
  const gone = { ...open, id: 'gone' };
  const over = second.detection.resume(scope, { anomalies: [open, gone], events: [] }).anomalies;
  expect(over).toEqual([{ ...gone, end: gone.peakAt }]);
  expect(second.detection.open(scope).anomalies).toMatchObject([{ id: open.id }]);
});
