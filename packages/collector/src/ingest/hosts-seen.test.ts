import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createTestStorage } from '../storage/testing.ts';
import { createHostsSeen } from './hosts-seen.ts';
import { createIngest } from './ingest.ts';
import { createLiveWindows } from './live-window.ts';
import { testBatch } from './testing.ts';

const now = Date.UTC(2026, 10, 24, 12);
const { storage, drop } = await createTestStorage(() => now);
await storage.ensurePartitions(now);
afterAll(drop);
const scope = await storage.tenants.ensure('one');

/** One of several collectors. */
function collector() {
  const windows = createLiveWindows();
  const ingest = createIngest({
    storage,
    consumers: [windows.consume],
    watched: () => false,
    log: silentLog,
    now: () => now,
  });
  const seenWhere = (elsewhere: boolean, hosts?: readonly string[]) =>
    createHostsSeen({ windows, batches: storage.batches, comesElsewhere: () => elsewhere, now: () => now })(
      scope,
      hosts,
    );
  return { ingest, seenWhere };
}

test('hosts are seen wherever their batches come, until they fall silent', async () => {
  const [here, there] = [collector(), collector()];
  const ship = (to: typeof here, host: string, endMs: number, seq = 0) =>
    to.ingest.accept(scope, testBatch({ host, endMs, seq }));
  await ship(here, 'here', now - 5_000);
  await ship(here, 'both', now - 30_000);
  await ship(there, 'both', now - 10_000, 1);
  await ship(there, 'there', now - 20_000);
  await ship(there, 'silent', now - 90_000);
  const other = await storage.tenants.ensure('two');
  await there.ingest.accept(other, testBatch({ host: 'of another', endMs: now }));
  expect(await here.seenWhere(true)).toEqual(
    new Map([
      ['here', { lastSeen: now - 5_000, series: 2 }],
      ['both', { lastSeen: now - 10_000, series: 2 }],
      ['there', { lastSeen: now - 20_000, series: 2 }],
    ]),
  );
  // Of a few that are asked for.
  expect([...(await collector().seenWhere(true, ['there', 'silent', 'unknown'])).keys()]).toEqual(['there']);
  expect([...(await here.seenWhere(false)).keys()].toSorted()).toEqual(['both', 'here']);
});
