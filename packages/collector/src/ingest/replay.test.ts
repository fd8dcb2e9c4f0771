import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import type { StoredSamples } from '../stored-samples.ts';
import { createTestStorage } from '../storage/testing.ts';
import { createIngest } from './ingest.ts';
import { testBatch } from './testing.ts';

const now = Date.UTC(2026, 10, 24, 12);
const { storage, drop } = await createTestStorage(() => now);
await storage.ensurePartitions(now);
afterAll(drop);

test('many tenants that are taken over at once do not wait for the connections of each other', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `tenant-${at}`);
  const scopes = await Promise.all(names.map((name) => storage.tenants.ensure(name)));
  const ingest = () => createIngest({ storage, consumers: [], watched: () => false, log: silentLog, now: () => now });
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
