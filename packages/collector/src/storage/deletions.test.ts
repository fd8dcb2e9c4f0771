import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import type { TenantScope } from '../tenant.ts';
import { defaultPolicy } from './compaction/compactor.ts';
import { toNewBatch, type PlainBatch } from './compaction/testing.ts';
import type { HostKey } from './host-lock.ts';
import { dayMs, hourMs } from './hours.ts';
import { createTestStorage } from './testing.ts';
import { testOutcome } from './testing-incidents.ts';

const now = Date.UTC(2026, 10, 24, 12);
const statements: string[] = [];
const { storage, sql, drop } = await createTestStorage(
  () => now,
  (statement) => statements.push(statement.trim()),
);
await storage.ensurePartitions(now);
afterAll(drop);
const eager = { ...defaultPolicy, coldMs: 0, sealAfterMs: 0, settleMs: 0, resealAfterMs: 0 };

const batchAt = (host: string, seq: number, at: number): PlainBatch => ({
  host,
  epoch: 1,
  seq,
  series: ['0', '1'],
  ticks: Array.from({ length: 30 }, (_, row) => ({ at: at + row * 1000, values: [row, row] })),
});

/** A host with something in every table that samples go through. */
async function fill(scope: TenantScope, host: string): Promise<void> {
  const put = async (seq: number, at: number): Promise<void> =>
    void (await storage.batches.insert([await toNewBatch(storage, scope, batchAt(host, seq, at))]));
  await put(0, now - 5 * hourMs);
  await storage.createCompactor(silentLog, eager).run(now - 3 * hourMs);
  await put(1, now - hourMs - 60_000);
  const hosts = await sql<HostKey[]>`
    select tenant_id as "tenantId", host_id as "hostId" from host where tenant_id = ${scope.tenantId} and name = ${host}`;
  await storage.createCompactor(silentLog, eager).flush(hosts, now);
  await put(2, now - hourMs);
  const alert = {
    id: `${host}-alert`,
    ruleId: 'r',
    name: 'n',
    severity: 'warning',
    host,
    metric: 'used',
    labels: { host },
    reason: 'why',
    state: { kind: 'firing', since: now, value: 1 },
  } as const;
  const channel = await storage.channels.create(scope, { kind: 'webhook', name: 'ops', url: 'http://127.0.0.1:9/' });
  await storage.alerts.save(scope, [alert]);
  await storage.incidents.save(scope, testOutcome(alert, [channel.id], now));
  await storage.anomalyEvents.save(scope, [
    {
      id: `${host}-event`,
      host,
      start: now,
      peakAt: now,
      peakSurprise: 5,
      peakRatio: 0.5,
      detectors: ['zscore'],
      seriesCount: 0,
      contributors: [],
      reason: 'why',
    },
  ]);
  await storage.anomalies.save(scope, [
    {
      id: `${host}-anomaly`,
      host,
      metric: 'used',
      labels: { host },
      detector: 'zscore',
      start: now,
      peakScore: 5,
      peakAt: now,
      value: 2,
      expected: 1,
      reason: 'why',
    },
  ]);
}

/** Rows of every table of the catalog that say `word`, or are of the host with that number. */
async function mentions(scope: TenantScope, word: string, hostId: number): Promise<Record<string, number>> {
  const tables = await sql<{ name: string; has_host_id: boolean; has_tenant: boolean }[]>`
    select c.relname as name,
      bool_or(a.attname = 'host_id') as has_host_id, bool_or(a.attname = 'tenant_id') as has_tenant
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    group by c.relname`;
  expect(tables.length).toBeGreaterThan(15);
  const found: Record<string, number> = {};
  for (const { name, has_host_id, has_tenant } of tables) {
    if (!has_tenant) continue;
    const [row] = await sql<{ rows: number }[]>`
      select count(*)::int as rows from ${sql(name)} t
      where tenant_id = ${scope.tenantId} and (t::text like ${`%${word}%`} ${has_host_id ? sql`or host_id = ${hostId}` : sql``})`;
    if ((row?.rows ?? 0) > 0) found[name] = row?.rows ?? 0;
  }
  return found;
}

test('a host that is deleted is in no table any more; its neighbour has lost nothing', async () => {
  const scope = await storage.tenants.ensure('one');
  await fill(scope, 'gone-host');
  await fill(scope, 'kept-host');
  for (const host of ['gone-host', 'kept-host']) {
    await storage.batches.insert([await toNewBatch(storage, scope, batchAt(host, 2, now - 60_000))]);
  }
  const before = await mentions(scope, 'gone-host', 1);
  expect(Object.keys(before).toSorted()).toEqual(
    expect.arrayContaining([
      'alert',
      'anomaly',
      'anomaly_event',
      'batch',
      'block',
      'host',
      'notification',
      'rollup_hour',
      'segment',
    ]),
  );
  const kept = await mentions(scope, 'kept-host', 2);
  expect(await storage.deletions.deleteHost(scope, 'gone-host')).toBe(true);
  expect(await mentions(scope, 'gone-host', 1)).toEqual({});
  expect(await mentions(scope, 'kept-host', 2)).toEqual(kept);
  expect(await storage.deletions.deleteHost(scope, 'gone-host')).toBe(false);
  const [tenant] = await sql<{ series_count: number }[]>`select series_count from tenant where name = 'one'`;
  expect(tenant?.series_count).toBe(2);
});

test('a batch for a host that was deleted meanwhile is not stored, and says so', async () => {
  const scope = await storage.tenants.ensure('late');
  const [first, second] = [
    await toNewBatch(storage, scope, batchAt('a', 0, now - hourMs)),
    await toNewBatch(storage, scope, batchAt('b', 0, now - hourMs)),
  ];
  await storage.deletions.deleteHost(scope, 'a');
  expect(await storage.batches.insert([first, second, second])).toEqual(['unknown-host', 'new', 'known']);
});

test('under ingest and compaction all the time, nothing of a deleted host comes back', async () => {
  const scope = await storage.tenants.ensure('busy');
  const compactor = storage.createCompactor(silentLog, eager);
  const batches = await Promise.all(
    Array.from({ length: 40 }, (_, seq) =>
      toNewBatch(storage, scope, batchAt('busy-host', seq, now - 3 * hourMs + seq * 30_000)),
    ),
  );
  await storage.batches.insert(batches.slice(0, 20));
  const inFlight = batches.slice(20).map((batch) => storage.batches.insert([batch]));
  await Promise.all([...inFlight, compactor.run(now), storage.deletions.deleteHost(scope, 'busy-host')]);
  await compactor.run(now + hourMs);
  expect(await mentions(scope, 'busy-host', batches[0]?.hostId ?? 0)).toEqual({});
});

test('a statement that saw the host before its deletion, and stores something only after it, is waited for', async () => {
  const scope = await storage.tenants.ensure('slow-statement');
  const batch = await toNewBatch(storage, scope, batchAt('seen', 0, now - hourMs));
  await storage.batches.insert([batch]);
  const deleting = await sql.begin('isolation level repeatable read', async (tx) => {
    // Its snapshot is taken; a number it has only once it writes.
    await tx`select 1 from host`;
    const deletion = { done: storage.deletions.deleteHost(scope, 'seen') };
    const sent = (start: string): number => statements.filter((statement) => statement.startsWith(start)).length;
    statements.length = 0;
    await expect.poll(() => storage.hosts.has(scope, 'seen'), { timeout: 20_000 }).toBe(false);
    await expect.poll(() => sent('select pg_snapshot_xmin'), { timeout: 20_000 }).toBeGreaterThan(3);
    // Looking is cheap, going through all samples is not.
    expect(sent('delete from "batch"')).toBe(1);
    await tx`
      insert into batch select (jsonb_populate_record(b, '{"seq": 1}')).* from batch b
      where tenant_id = ${scope.tenantId} and host_id = ${batch.hostId}`;
    return deletion;
  });
  await deleting.done;
  expect(await mentions(scope, 'seen', batch.hostId)).toEqual({});
});

test('a tenant that is deleted is in no table any more, whatever it had', async () => {
  const scope = await storage.tenants.ensure('tenant-gone');
  await fill(scope, 'its-host');
  await storage.keys.create(scope, { name: 'k', scope: 'admin' });
  await storage.sessions.createSignInCode(scope, 1000, now);
  await storage.deletions.deleteTenant(scope);
  expect(await mentions(scope, '', 0)).toEqual({});
  expect(await storage.tenants.find('tenant-gone')).toBeUndefined();
});

test('a deletion that a crash cut short is ended by the next sweep', async () => {
  const scope = await storage.tenants.ensure('swept');
  const batch = await toNewBatch(storage, scope, batchAt('a', 0, now - hourMs));
  await storage.batches.insert([batch]);
  // As the first half leaves it: the host is gone, its samples are not.
  await sql`delete from host where tenant_id = ${scope.tenantId}`;
  await sql`insert into deletion (tenant_id, host_id, transaction) values (${scope.tenantId}, ${batch.hostId}, 1)`;
  await storage.deletions.sweep();
  expect(await sql`select 1 from batch where tenant_id = ${scope.tenantId}`).toHaveLength(0);
  expect(await sql`select 1 from deletion`).toHaveLength(0);
});

test('each tenant keeps samples, minutes and hours as long as it says, whole partitions go when nobody keeps them', async () => {
  const [long, short] = [await storage.tenants.ensure('long'), await storage.tenants.ensure('short')];
  await sql`update tenant set samples_days = 30 where tenant_id = ${long.tenantId}`;
  await sql`update tenant set samples_days = 2, minutes_days = 5 where tenant_id = ${short.tenantId}`;
  for (const age of [1, 4, 8, 40]) await storage.ensurePartitions(now - age * dayMs);
  for (const scope of [long, short]) {
    for (const [seq, age] of [1, 4, 8, 40].entries()) {
      const batch = await toNewBatch(storage, scope, batchAt('a', seq, now - age * dayMs + 1000));
      await storage.batches.insert([batch]);
    }
  }
  await storage.createCompactor(silentLog, eager).run(now);
  const retention = { samples: 7, minutes: 20, hours: 1000 };
  expect(await storage.dropExpired(now, retention)).toBeGreaterThan(0);
  const ages = async (table: string, column: string, scope: TenantScope): Promise<number[]> =>
    (
      await sql<{ age: number }[]>`
        select round((${now} - ${sql(column)}) / ${dayMs}::numeric)::int as age from ${sql(table)}
        where tenant_id = ${scope.tenantId} order by 1`
    ).map(({ age }) => age);
  expect(await ages('block', 'hour', long)).toEqual([1, 4, 8]);
  expect(await ages('rollup_minute', 'until', long)).toEqual([1, 4, 8]);
  expect(await ages('block', 'hour', short)).toEqual([1]);
  expect(await ages('rollup_minute', 'until', short)).toEqual([1, 4]);
  expect(await ages('rollup_hour', 'until', short)).toHaveLength(4);
});
