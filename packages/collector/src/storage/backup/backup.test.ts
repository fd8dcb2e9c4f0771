import { PassThrough, Readable } from 'node:stream';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../../ingest/testing.ts';
import { createIngest } from '../../ingest/ingest.ts';
import { silentLog } from '../../log.ts';
import { createQuery } from '../../query/query.ts';
import { createTestStorage } from '../testing.ts';

const source = await createTestStorage();
const target = await createTestStorage();
afterAll(() => Promise.all([source.drop(), target.drop()]));

async function bytesOf(storage = source.storage): Promise<Buffer> {
  const out = new PassThrough();
  const chunks: Buffer[] = [];
  out.on('data', (chunk: Buffer) => chunks.push(chunk));
  await storage.backup(out);
  return Buffer.concat(chunks);
}

const now = Math.floor(Date.now() / 1000) * 1000;

test('a backup in an empty database answers every query as the original does, and goes on from there', async () => {
  const { storage } = source;
  await storage.ensurePartitions(now);
  const scope = await storage.tenants.ensure('default');
  const ingest = createIngest({ storage, consumers: [], watched: () => false, log: silentLog });
  for (let seq = 0; seq < 12; seq++) {
    const host = `host-${seq % 2}`;
    await ingest.accept(scope, testBatch({ host, seq, endMs: now - seq * 1_200_000 }));
  }
  // Blocks, rollups, and batches that are not put away yet.
  const compactor = storage.createCompactor(silentLog);
  await compactor.run(now);
  await compactor.run(now + 3_600_000);
  await ingest.accept(scope, testBatch({ host: 'host-0', seq: 99, endMs: now - 30_000 }));
  await ingest.close();
  const key = await storage.keys.create(scope, { name: 'mine', scope: 'read' });
  const event = {
    at: now,
    actor: { kind: 'key', name: 'mine' },
    action: 'x',
    target: '/',
    from: '',
    requestId: '',
    before: null,
    after: null,
  } as const;
  await storage.audit.append(scope, event);

  const backup = await bytesOf();
  await target.storage.restore(Readable.from([backup.subarray(0, 100), backup.subarray(100)]));
  const restored = target.storage;
  expect(await restored.tenants.find('default')).toEqual(scope);
  const answers = async (of: typeof storage) => {
    const query = createQuery({ storage: of });
    const range = { start: now - 86_400_000, end: now + 1_000 };
    return JSON.stringify(
      await Promise.all([
        query.range(scope, { selector: '{__name__=~".+"}', ...range }),
        query.range(scope, { selector: 'cpu_busy_ratio', ...range, stepMs: 60_000, aggregation: 'avg' }),
        query.range(scope, { selector: 'sent_bytes_total', ...range, stepMs: 3_600_000, aggregation: 'rate' }),
        of.usage.list(scope, { from: 0, to: 100_000 }),
        of.audit.verify(scope),
        of.hosts.list(scope),
      ]),
      (_, value: unknown) => (value instanceof Float64Array ? [...value] : value),
    );
  };
  const expected = await answers(storage);
  expect(expected.length).toBeGreaterThan(1_000);
  expect(await answers(restored)).toBe(expected);
  expect((await restored.keys.find(key))?.name).toBe('mine');
  // New tenants and new samples have numbers of their own.
  const next = await restored.tenants.ensure('next');
  expect(next.tenantId).toBeGreaterThan(scope.tenantId);
  const after = createIngest({ storage: restored, consumers: [], watched: () => false, log: silentLog });
  expect(await after.accept(scope, testBatch({ host: 'host-0', seq: 99, endMs: now - 30_000 }))).toMatchObject({
    duplicate: true,
  });
  expect(await after.accept(next, testBatch())).toMatchObject({ duplicate: false });
  await after.close();
});

test('it does not go into a database that has something, and half of one goes nowhere', async () => {
  const backup = await bytesOf();
  await expect(target.storage.restore(Readable.from([backup]))).rejects.toMatchObject({ code: 'backup/not-empty' });
  const empty = await createTestStorage();
  for (const part of [backup.subarray(0, backup.length - 40), Buffer.from('no backup'), backup.subarray(0, 10)]) {
    await expect(empty.storage.restore(Readable.from([part]))).rejects.toMatchObject({ code: 'backup/format' });
  }
  expect(await empty.storage.tenants.all()).toEqual([]);
  await empty.drop();
});

test('the database’s health is what it is', async () => {
  expect(await source.storage.health(now)).toMatchObject({ fsync: expect.any(Boolean), missingPartitions: [] });
  expect((await source.storage.health(now + 30 * 86_400_000)).missingPartitions).toHaveLength(2);
});
