import { detectorTrainingSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createNoise } from '../../../stats/noise.ts';
import { createTestStorage } from '../../../storage/testing.ts';
import { testContext, type TestSeries } from '../../testing-context.ts';
import { detectorTrain } from './train.ts';

const db = await createTestStorage();
afterAll(() => db.drop());
const now = Date.UTC(2026, 10, 30);
const minute = 60_000;

/** Channels that go up and down together: each alone is as usual where it does not go with the others. */
function together(count: number): readonly TestSeries[] {
  const noise = createNoise(3);
  const level = Float64Array.from({ length: count }, (_, at) => 10 * Math.sin(at / 40));
  return ['a', 'b', 'c'].map((name, channel) => ({
    labels: { __name__: 'level', host: 'h', name },
    times: Float64Array.from({ length: count }, (_, at) => now - (count - 1 - at) * minute),
    values: level.map((value) => 100 * (channel + 1) + value + 0.3 * noise()),
  }));
}

test('a detector is trained, shows how it learns, is compared with plain ways, and kept as a version of its tenant', async () => {
  const scope = await db.storage.tenants.ensure('acme');
  const payload = {
    detector: 'isolation-forest',
    model: 'host-h',
    query: 'level * 1',
    historyMs: 120_000_000,
    seed: 5,
    promote: 'always',
  };
  const context = testContext(db.storage, scope, together(2_000), now);
  const result = detectorTrainingSchema.parse(await detectorTrain.run(payload, context));
  expect(result).toMatchObject({
    modelVersion: 1,
    detector: 'isolation-forest',
    host: 'h',
    rows: 2_000,
    promoted: true,
  });
  expect(result.channels).toEqual(['{host="h",name="a"}', '{host="h",name="b"}', '{host="h",name="c"}']);
  expect(result.curve.length).toBe(5);
  expect(context.told.flatMap(({ metrics }) => (metrics === undefined ? [] : [metrics]))).toEqual(result.curve);
  expect(result.heldOut.map(({ name }) => name)).toEqual(['isolation-forest', 'fixed-sigma', 'last-change']);
  for (const { recall } of result.heldOut) expect(recall.low).toBeLessThanOrEqual(recall.high);
  expect(result.explanation).toMatch(/than the plain/u);
  // The same data and seed make the same model.
  const again = testContext(db.storage, scope, together(2_000), now, '00000000-0000-7000-8000-000000000002');
  await detectorTrain.run(payload, again);
  const [one, two] = await Promise.all([1, 2].map((version) => db.storage.models.load(scope, 'host-h', version)));
  expect(one?.model).toMatchObject({ kind: 'detector:isolation-forest', seed: 5 });
  expect(one?.data).toEqual(two?.data);
  expect(await db.storage.models.list(await db.storage.tenants.ensure('stranger'))).toEqual([]);
});

test('untold, the joint level is trained: and promoted only if it is surely better than plain ways', async () => {
  const scope = await db.storage.tenants.ensure('untold');
  const context = testContext(db.storage, scope, together(2_000), now);
  const payload = { model: 'host-h', query: 'level * 1', historyMs: 120_000_000, seed: 5 };
  const result = detectorTrainingSchema.parse(await detectorTrain.run(payload, context));
  expect(result).toMatchObject({ detector: 'joint-level', rows: 2_000 });
  expect(result.heldOut.map(({ name }) => name)).toEqual(['joint-level', 'fixed-sigma', 'last-change']);
  expect(result.promoted).toBe(result.explanation.includes('surely better'));
  expect(await db.storage.models.list(scope)).toMatchObject([{ version: 1, isPromoted: result.promoted }]);
});

test('too few rows say so', async () => {
  const scope = await db.storage.tenants.ensure('short');
  const context = testContext(db.storage, scope, together(200), now);
  const refused = expect(detectorTrain.run({ model: 'm', query: 'level * 1' }, context)).rejects;
  await refused.toMatchObject({ code: 'jobs/too-few-values', retryable: false });
});
