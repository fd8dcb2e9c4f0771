import { forecastRunSchema, forecastTrainingSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createNoise } from '../../../stats/noise.ts';
import { modelLimits } from '../../../storage/models.ts';
import { createTestStorage } from '../../../storage/testing.ts';
import { testContext, type TestSeries } from '../../testing-context.ts';
import { crossingOf } from './crossing.ts';
import { forecastRun } from './run.ts';
import { forecastTrain } from './train.ts';

const db = await createTestStorage();
afterAll(() => db.drop());

const hourMs = 3_600_000;
const now = Date.UTC(2026, 10, 30);
const hours = 28 * 24;

/** Busy by day, half as busy at weekends: what a forecast of the day before does not know. */
function load(host: string, seed: number): TestSeries {
  const noise = createNoise(seed);
  const times = Float64Array.from({ length: hours }, (_, at) => now - (hours - 1 - at) * hourMs);
  const values = times.map((time) => {
    const date = new Date(time);
    const weekend = date.getUTCDay() % 6 === 0 ? 0.4 : 1;
    return 100 * weekend * (1.2 + Math.sin((2 * Math.PI * date.getUTCHours()) / 24)) + 4 * noise();
  });
  return { labels: { __name__: 'load', host }, times, values };
}

const payload = { model: 'load', query: 'load * 1', stepMs: hourMs, horizon: 24, seed: 7 };

test('a network is trained, measured against plain forecasts, kept, used, and foretells a week that it knows', async () => {
  const scope = await db.storage.tenants.ensure('acme');
  const series = [load('a', 1)];
  const context = testContext(db.storage, scope, series, now);
  const first = forecastTrainingSchema.parse(await forecastTrain.run(payload, context));
  expect(first).toMatchObject({ modelVersion: 1, promoted: true, series: 1 });
  expect(first.verdict).toMatch(/^better than/u);
  const points = context.told.filter(({ metrics }) => metrics?.['test'] === 0);
  expect(points.length).toBeGreaterThan(3);
  expect(points.at(-1)?.metrics?.['validationLoss']).toBeLessThan(points[0]?.metrics?.['validationLoss'] ?? 0);

  // Another job with the same data and seed makes the same weights, as another version.
  const again = testContext(db.storage, scope, series, now, '00000000-0000-7000-8000-000000000002');
  expect(forecastTrainingSchema.parse(await forecastTrain.run(payload, again)).modelVersion).toBe(2);
  const [one, two] = await Promise.all([1, 2].map((version) => db.storage.models.load(scope, 'load', version)));
  expect(one?.data.byteLength).toBeGreaterThan(1_000);
  expect(one?.data).toEqual(two?.data);
  expect(one?.model.parameters).toEqual(two?.model.parameters);

  const answer = forecastRunSchema.parse(await forecastRun.run({ model: 'load', limit: 190 }, context));
  expect(answer).toMatchObject({ modelVersion: 2, series: [{ metric: { host: 'a' } }] });
  for (const { quantiles, times, crossing } of answer.series) {
    const median = quantiles['0.5'] ?? [];
    const errors = median.map((value, step) => {
      const date = new Date(times[step] ?? 0);
      return Math.abs(value - 100 * (1.2 + Math.sin((2 * Math.PI * date.getUTCHours()) / 24)));
    });
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(25);
    // A Monday: it gets there before six in the morning.
    expect(crossing?.at).toBeGreaterThan(now);
    expect(crossing?.at).toBeLessThan(now + 9 * hourMs);
  }
});

test('versions are promoted and gone back from, by their tenant alone', async () => {
  const { models } = db.storage;
  const scope = await db.storage.tenants.ensure('keeper');
  const model = {
    name: 'm',
    kind: 'forecaster',
    parameters: {},
    metrics: { mase: 1 },
    seed: 1,
    window: { from: 1, to: 2 },
    code: 1,
  };
  for (let version = 1; version <= 14; version++) {
    const jobId = `00000000-0000-7000-8000-0000000001${String(version).padStart(2, '0')}`;
    await models.save(scope, { ...model, jobId, data: new Uint8Array([version]) });
    if (version <= 2) await models.promote(scope, 'm', version);
  }
  // A job that saves again, because its first attempt was lost, has the version that it had.
  const last = { ...model, jobId: '00000000-0000-7000-8000-000000000114', data: new Uint8Array([14]) };
  expect(await models.save(scope, last)).toMatchObject({ version: 14 });
  // The one that is used, the one before it, and the newest.
  const kept = await models.versions(scope, 'm');
  expect(kept.map(({ version }) => version)).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 2, 1]);
  expect((await models.load(scope, 'm'))?.data).toEqual(Buffer.from([2]));
  expect(await models.rollBack(scope, 'm')).toMatchObject({ version: 1, isPromoted: true });
  expect(await models.rollBack(scope, 'm')).toBeUndefined();
  expect(await models.delete(scope, 'm', 1)).toBe(false);
  expect(await models.delete(scope, 'm', 2)).toBe(true);
  const jobId = '00000000-0000-7000-8000-000000000199';
  await expect(async () => models.save(scope, { ...model, jobId, data: new Uint8Array(2 ** 24 + 1) })).rejects.toThrow(
    /at most 16777216 bytes/u,
  );
  expect(await models.list(await db.storage.tenants.ensure('stranger'))).toEqual([]);
});

test('a model that is not there, series that are not there and too short ones say so', async () => {
  const scope = await db.storage.tenants.ensure('empty');
  const short = load('a', 1);
  const few = { ...short, times: short.times.slice(-60), values: short.values.slice(-60) };
  const context = testContext(db.storage, scope, [few], now);
  const codeOf = (job: Promise<unknown>) => expect(job).rejects;
  await codeOf(forecastRun.run({ model: 'none' }, context)).toMatchObject({ code: 'jobs/model', retryable: false });
  await codeOf(forecastTrain.run({ ...payload, query: 'nothing * 1' }, context)).toMatchObject({ code: 'jobs/series' });
  await codeOf(forecastTrain.run(payload, context)).toMatchObject({ code: 'jobs/too-few-values', retryable: false });
});

test('a limit is reached when the median gets there, between the times at which the band does', () => {
  const steps = [1, 2, 3, 4, 5];
  const bands = { low: [1, 2, 3, 4, 5], median: [2, 3, 4, 5, 6], high: [3, 4, 5, 6, 7] };
  expect(crossingOf(bands, steps, 5, 'above')).toEqual({ at: 4, earliest: 3, latest: 5 });
  expect(crossingOf(bands, steps, 9, 'above')).toEqual({ at: undefined, earliest: undefined, latest: undefined });
});

test('models that are too large are refused, and one that was never used goes when it is old', async () => {
  const scope = await db.storage.tenants.ensure('limits');
  const { models } = db.storage;
  const model = { kind: 'test', parameters: {}, metrics: {}, seed: 1, window: { from: 0, to: 1 }, code: 1 } as const;
  const jobOf = (number: number): string => `00000000-0000-7000-8000-00000000020${number}`;
  const large = new Uint8Array(modelLimits.bytes + 1);
  expect(() => models.save(scope, { ...model, name: 'large', jobId: jobOf(1), data: large })).toThrow(
    /^model large: expected at most 16777216 bytes/u,
  );
  const data = new Uint8Array([1]);
  await models.save(scope, { ...model, name: 'unused', jobId: jobOf(2), data });
  await models.save(scope, { ...model, name: 'used', jobId: jobOf(3), data });
  await models.promote(scope, 'used', 1);
  await db.sql`update model set created_at = 1 where tenant_id = ${scope.tenantId}`;
  await models.save(scope, { ...model, name: 'next', jobId: jobOf(4), data });
  expect((await models.list(scope)).map(({ name }) => name)).toEqual(['next', 'used']);
});
