import type { UnixMs } from '@tarsier/protocol';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../../log.ts';
import { hourMs } from '../hours.ts';
import { createTestStorage } from '../testing.ts';
import { defaultPolicy, type CompactionStats } from './compactor.ts';
import { toNewBatch } from './testing.ts';

const now = Date.now();
const { storage, drop } = await createTestStorage();
await storage.ensurePartitions(now);
afterAll(drop);

test('the thread compacts by itself, tells what it did, and ends when it is told to', async () => {
  const scope = await storage.tenants.ensure('thread');
  const at: UnixMs = Math.floor((now - 3 * hourMs) / hourMs) * hourMs + 1000;
  const ticks = Array.from({ length: 400 }, (_, row) => ({ at: at + row * 1000, values: [row, row] }));
  await storage.batches.insert([
    await toNewBatch(storage, scope, { host: 'a', epoch: 1, seq: 0, series: ['0', '1'], ticks }),
  ]);
  const policy = { ...defaultPolicy, settleMs: 0 };
  let compaction: ReturnType<typeof storage.startCompaction> | undefined;
  const stats = await new Promise<CompactionStats>((resolve) => {
    compaction = storage.startCompaction({ log: silentLog, policy, onRound: resolve });
  });
  await compaction?.stop();
  expect(stats).toMatchObject({ samples: 800, sealedHours: 1, hoursLeft: 0, failures: 0 });
  const series = await storage.series.candidates(scope, []);
  const found = await storage.samples.read(scope, series, { from: at, to: now });
  expect([...found.values()].map(({ times }) => times.length)).toEqual([400, 400]);
});
