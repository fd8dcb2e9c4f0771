import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createTestStorage, lockWaiters } from '../storage/testing.ts';
import { createIngest } from './ingest.ts';
import { testBatch } from './testing.ts';

let now = Date.UTC(2026, 10, 24, 12);
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
    await expect.poll(() => lockWaiters(tx, 'segment'), { timeout: 20_000 }).toBeGreaterThan(0);
    const onTime = [20, 21, 22].map((seq) => ingest.accept(scope, testBatch({ seq, endMs: now - (22 - seq) * 1_000 })));
    const first = await Promise.race([Promise.all(onTime), sleep(20_000, 'they waited')]);
    expect(first).toMatchObject([{ duplicate: false }, { duplicate: false }, { duplicate: false }]);
    return { waiting };
  });
  expect((await late.waiting).every(({ duplicate }) => !duplicate)).toBe(true);
});

test('one that grows late while it waits does not keep those on time that wait with it', async () => {
  const scope = await storage.tenants.ensure('held-up');
  const ingest = createIngest({ storage, consumers: [], watched: () => false, log: silentLog, now: () => now });
  const ship = (seq: number) => ingest.accept(scope, testBatch({ seq, endMs: now }));
  await ship(0);
  const { shipped } = await sql.begin(async (tx) => {
    await tx`lock table segment in access exclusive mode`;
    await tx`savepoint before`;
    await tx`lock table batch in access exclusive mode`;
    const written = [ship(1), ship(2), ship(3)];
    await expect
      .poll(() => lockWaiters(tx, 'batch'), {
        timeout: 20_000,
      })
      .toBe(2);
    const grownLate = ship(4);
    await turn();
    now += 10_000;
    const onTime = ship(5);
    await turn();
    await tx`rollback to before`;
    expect(await Promise.race([onTime, sleep(20_000, 'it waited')])).toMatchObject({ duplicate: false });
    expect(await Promise.race([grownLate, turn('it waits')])).toBe('it waits');
    return { shipped: [...written, grownLate, onTime] };
  });
  expect((await Promise.all(shipped)).every(({ duplicate }) => !duplicate)).toBe(true);
});
