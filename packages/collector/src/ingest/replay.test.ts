import { afterAll, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../log.ts';
import type { StoredSamples } from '../stored-samples.ts';
import { createTestStorage, lockWaiters } from '../storage/testing.ts';
import { createIngest } from './ingest.ts';
import { testBatch } from './testing.ts';

const now = Date.UTC(2026, 10, 24, 12);
const { storage, sql, drop } = await createTestStorage(() => now);
await storage.ensurePartitions(now);
afterAll(drop);

const ingest = () => createIngest({ storage, consumers: [], watched: () => false, log: silentLog, now: () => now });

test('many tenants that are taken over at once do not wait for the connections of each other', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `tenant-${at}`);
  const scopes = await Promise.all(names.map((name) => storage.tenants.ensure(name)));
  const before = ingest();
  for (const scope of scopes) await before.accept(scope, testBatch({ endMs: now }));
  const after = ingest();
  const heard: number[] = [];
  const listen = ({ schema }: StoredSamples): void => {
    heard.push(schema.scope.tenantId);
  };
  await Promise.all(scopes.map((scope) => after.replay([scope], now - 60_000, [listen])));
  expect(new Set(heard)).toEqual(new Set(scopes.map(({ tenantId }) => tenantId)));
  expect(heard).toHaveLength(scopes.length);
});

test('while many tenants are taken over, questions are answered', async () => {
  const scopes = await Promise.all(Array.from({ length: 12 }, (_, at) => storage.tenants.ensure(`asked-${at}`)));
  const asked = scopes.at(-1);
  if (asked === undefined) throw new Error('no tenant');
  await ingest().accept(asked, testBatch({ endMs: now }));
  const takenOver = ingest();
  // Whoever reads what came last waits for this one.
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  onTestFinished(() => end());
  const { promise: waiting, resolve: answer } = Promise.withResolvers<{ readonly replays: Promise<unknown> }>();
  const held = sql.begin(async (tx) => {
    await tx`lock table segment in access exclusive mode`;
    const replays = Promise.all(scopes.map((scope) => takenOver.replay([scope], now - 60_000, [() => {}])));
    await expect.poll(() => lockWaiters(tx, 'segment'), { timeout: 20_000 }).toBeGreaterThan(1);
    answer({ replays });
    await over;
  });
  const { replays } = await waiting;
  expect(await storage.batches.hostsSince(asked, now - 60_000)).toHaveLength(1);
  end();
  await Promise.all([held, replays]);
});
