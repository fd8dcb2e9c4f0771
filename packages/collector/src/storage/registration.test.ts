import { encodeSchema } from '@tarsier/protocol';
import { schemaHash } from '@tarsier/protocol/zstd';
import { expect, onTestFinished, test } from 'vitest';
import { connectOnce } from './database.ts';
import { createRegistration } from './registration.ts';
import { TooManySeriesError } from '../too-many-series.ts';
import { createTestStorage, lockWaiters } from './testing.ts';

const schema = encodeSchema({
  metrics: [{ name: 'up', kind: 'gauge', unit: '', help: '' }],
  series: [{ metric: 0, labels: {} }],
});

test('while the database is away many new hosts are told so at once, not one after the other', async () => {
  let asked = 0;
  const register = createRegistration(
    {
      async begin() {
        asked++;
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      },
    },
    Date.now,
    1_000,
    async () => undefined,
  );
  const scope = { tenantId: 1, tenant: 'default' };
  const hosts = Array.from({ length: 50 }, (_, nth) => register(scope, `host-${nth}`, new Uint8Array(16), schema));
  const ends = await Promise.allSettled(hosts);
  expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
  expect(asked).toBe(1);
});

test('while series are counted for one that is refused nobody waits for its lock, and others that are refused count no more', async () => {
  let time = 0;
  const { storage, sql, url, drop } = await createTestStorage(() => time);
  onTestFinished(drop);
  const scope = await storage.tenants.ensure('full');
  const register = (host: string, metric: string, series: number) => {
    const bytes = encodeSchema({
      metrics: [{ name: metric, kind: 'gauge', unit: '', help: '' }],
      series: Array.from({ length: series }, (_, at) => ({ metric: 0, labels: { at: String(at) } })),
    });
    return storage.series.register(scope, host, schemaHash(bytes), bytes);
  };
  const refusal = async (host: string): Promise<string> => {
    const [end] = await Promise.allSettled([register(host, 'requests', 9)]);
    return end.status === 'rejected' && end.reason instanceof TooManySeriesError ? end.reason.message : end.status;
  };
  await sql`update tenant set max_series = 9 where tenant_id = ${scope.tenantId}`;
  await register('a', 'disk', 3);

  const [counting, other] = [connectOnce({ url }), connectOnce({ url })];
  onTestFinished(async () => void (await Promise.all([counting.end({ timeout: 1 }), other.end()])));
  const waiting = () => lockWaiters(other, 'series');
  let refused: Promise<string> | undefined;
  await counting.begin(async (tx) => {
    await tx`lock table series in access exclusive mode`;
    refused = refusal('b');
    await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
    expect(await other`select from tenant where tenant_id = ${scope.tenantId} for update nowait`).toHaveLength(1);
  });
  const first =
    'series: tenant full has 3 of at most 9, and 9 more were sent, 9 of them of requests; most of those there are of disk (3)';
  expect(await refused).toBe(first);

  await register('c', 'net', 4);
  await counting.begin(async (tx) => {
    await tx`lock table series in access exclusive mode`;
    const hosts = Array.from({ length: 5 }, (_, at) => `host-${at}`);
    expect(await Promise.all(hosts.map(refusal))).toEqual(Array(5).fill(first.replace('has 3', 'has 7')));
  });
  time += 60_000;
  const second = first.replace('has 3', 'has 7').replace('disk (3)', 'net (4)');
  expect(await refusal('d')).toBe(second);
  // Once series are in memory, they are not counted in the database.
  await storage.series.metrics(scope);
  time += 60_000;
  await counting.begin(async (tx) => {
    await tx`lock table series in access exclusive mode`;
    expect(await refusal('e')).toBe(second);
  });
});
