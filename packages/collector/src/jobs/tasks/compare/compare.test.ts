import { modelComparisonSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createNoise } from '../../../stats/noise.ts';
import { createTestStorage } from '../../../storage/testing.ts';
import { testContext, type TestSeries } from '../../testing-context.ts';
import { modelsCompare } from './compare.ts';

const db = await createTestStorage();
afterAll(() => db.drop());
const now = Date.UTC(2026, 10, 30);
const minute = 60_000;

/** A day's wave and a drifting mean: what plain thresholds are bad at. */
function wave(host: string, seed: number): TestSeries {
  const noise = createNoise(seed);
  const count = 1_500;
  const times = Float64Array.from({ length: count }, (_, at) => now - (count - 1 - at) * minute);
  const values = times.map((_, at) => 50 + 20 * Math.sin((2 * Math.PI * at) / 360) + noise());
  return { labels: { __name__: 'wave', host }, times, values };
}

test('all detectors and forecasters are tried on series with a known answer, with what they cost, beside plain ways', async () => {
  const scope = await db.storage.tenants.ensure('acme');
  const context = testContext(db.storage, scope, [wave('a', 1), wave('b', 2)], now);
  const payload = { query: 'wave * 1', historyMs: 90_000_000, horizon: 12 };
  const result = modelComparisonSchema.parse(await modelsCompare.run(payload, context));
  expect(result).toMatchObject({ series: 2, skipped: [] });
  expect(result.injected).toBeGreaterThan(10);
  const named = new Map(result.rows.map((row) => [row.name, row]));
  for (const name of [
    'fixed-sigma',
    'last-change',
    'ensemble',
    'zscore',
    'seasonal',
    'isolation-forest',
    'drift',
    'network',
  ]) {
    expect([...named.keys()]).toContain(name);
  }
  for (const row of result.rows) {
    expect(row.quality.low).toBeLessThanOrEqual(row.quality.value);
    expect(row.quality.high).toBeGreaterThanOrEqual(row.quality.value);
    expect(row.cpuNsPerSample, row.name).toBeGreaterThan(0);
    expect(row.isBaseline).toBe(row.verdict === 'baseline');
  }
  // On a slow wave a jump is far from the value before, and not from the mean; the last value is a bad forecast.
  expect(named.get('last-change')?.quality.value).toBeGreaterThan(named.get('fixed-sigma')?.quality.value ?? 1);
  expect(named.get('network')?.mase).toBeLessThan(named.get('drift')?.mase ?? 0);
  expect(result.explanation).toMatch(/The best detector is .* The best forecaster is|No /u);
  expect(context.told.at(-1)?.ratio).toBeGreaterThan(0.7);
});

test('series that are too short, or not there, say so', async () => {
  const scope = await db.storage.tenants.ensure('empty');
  const short = wave('a', 1);
  const few = { ...short, times: short.times.slice(-100), values: short.values.slice(-100) };
  const run = (query: string) => modelsCompare.run({ query }, testContext(db.storage, scope, [few], now));
  await expect(run('wave * 1')).rejects.toMatchObject({ code: 'jobs/too-few-values', retryable: false });
  await expect(run('none * 1')).rejects.toMatchObject({ code: 'jobs/series' });
});
