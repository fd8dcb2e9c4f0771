import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createTestStorage } from '../storage/testing.ts';
import { createIngest } from './ingest.ts';
import { testBatch } from './testing.ts';

const now = Date.UTC(2026, 10, 24, 12);
const { storage, sql, drop } = await createTestStorage(() => now);
await storage.ensurePartitions(now);
afterAll(drop);

test('while late batches are looked for among those put together, batches on time are stored', async () => {
  const scope = await storage.tenants.ensure('catching-up');
  const ingest = createIngest({ storage, consumers: [], watched: () => false, log: silentLog, now: () => now });
  const late = await sql.begin(async (tx) => {
    await tx`lock table segment in access exclusive mode`;
    const waiting = Promise.all(
      Array.from({ length: 20 }, (_, seq) =>
        ingest.accept(scope, testBatch({ seq, endMs: now - 3_600_000 + seq * 10_000 })),
      ),
    );
    await expect
      .poll(
        async () => (await tx`select 1 from pg_locks where not granted and relation = 'segment'::regclass`).length,
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0);
    const onTime = [20, 21, 22].map((seq) => ingest.accept(scope, testBatch({ seq, endMs: now - (22 - seq) * 1_000 })));
    const first = await Promise.race([Promise.all(onTime), sleep(20_000, 'they waited')]);
    expect(first).toMatchObject([{ duplicate: false }, { duplicate: false }, { duplicate: false }]);
    return { waiting };
  });
  expect((await late.waiting).every(({ duplicate }) => !duplicate)).toBe(true);
});
