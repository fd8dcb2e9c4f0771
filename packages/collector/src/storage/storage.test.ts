import { encodePayload, encodeSchema, type SeriesSchema } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../log.ts';
import type { NewBatch } from './batches.ts';
import { defaultPolicy } from './compaction/compactor.ts';
import type { RegisteredSchema } from './series-catalog.ts';
import { createTestStorage } from './testing.ts';

const now = Date.UTC(2026, 10, 24, 12);
const dayMs = 86_400_000;
const { storage, sql, another, drop } = await createTestStorage(() => now);
await storage.ensurePartitions(now);
afterAll(drop);

const up = { name: 'up', kind: 'gauge', unit: '', help: '' } as const;
const schemaOf = (...instances: string[]): SeriesSchema => ({
  metrics: [up],
  series: instances.map((instance) => ({ metric: 0, labels: { instance } })),
});

async function register(tenant: string, host: string, schema: SeriesSchema): Promise<RegisteredSchema> {
  const bytes = encodeSchema(schema);
  return storage.series.register(await storage.tenants.ensure(tenant), host, schemaHash(bytes), bytes);
}

function batchOf({ scope, hostId, hash }: RegisteredSchema, seq: number, t0 = now): NewBatch {
  return {
    scope,
    hostId,
    epoch: now,
    seq,
    t0,
    t1: t0 + 9000,
    rows: 2,
    schemaHash: hash,
    payload: encodePayload(
      { times: Float64Array.of(t0, t0 + 9000), width: 1, values: Float64Array.of(seq, seq) },
      zstdCompress,
    ),
  };
}

test('tenant_id leads every primary and unique key of tenant data', async () => {
  const keys = await sql<{ table: string; columns: string[] }[]>`
    select c.relname as table, array_agg(a.attname order by k.position) as columns
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    cross join lateral unnest(i.indkey) with ordinality as k(attnum, position)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
    where i.indisunique and n.nspname = 'public' and c.relname not in ('tenant', 'signing_key', 'job_worker', 'account', 'tier', 'token_key', 'tenant_place', 'closed_tenant', 'collector')
    group by c.relname, i.indexrelid`;
  expect(keys.length).toBeGreaterThan(10);
  const oneRowEach = ['rule_board'];
  expect(
    keys.filter(
      ({ table, columns }) => columns[0] !== 'tenant_id' || (columns.length < 2 && !oneRowEach.includes(table)),
    ),
  ).toEqual([]);
});

test('a batch sent twice is stored once, whether in one statement or later', async () => {
  const schema = await register('twice', 'a', schemaOf('1'));
  const [first, second] = [batchOf(schema, 0), batchOf(schema, 1)];
  expect(await storage.batches.insert([first, second, first])).toEqual(['new', 'new', 'known']);
  expect(await storage.batches.insert([second, batchOf(schema, 2)])).toEqual(['known', 'new']);
  const stored = await sql<{ seq: number; payload: Uint8Array }[]>`
    select seq, payload from batch where tenant_id = ${schema.scope.tenantId} order by seq`;
  expect(stored.map(({ seq, payload }) => [seq, [...payload]])).toEqual(
    [0, 1, 2].map((seq) => [seq, [...batchOf(schema, seq).payload]]),
  );
});

test('what one tenant stores, no other reads: equal names and numbers are apart', async () => {
  const [one, two] = await Promise.all([
    register('one', 'same', schemaOf('1')),
    register('two', 'same', schemaOf('1')),
  ]);
  expect(two.hostId).toBe(one.hostId);
  await storage.batches.insert([batchOf(one, 0)]);
  const series = await storage.series.candidates(two.scope, []);
  expect(series).toHaveLength(1);
  expect(await storage.samples.read(two.scope, series, { from: now, to: now + 1000 })).toEqual(new Map());
  const rule = await storage.rules.create(one.scope, {
    kind: 'anomaly',
    name: 'n',
    severity: 'info',
    enabled: true,
    selector: 'up',
    forMs: 0,
    minScore: 4,
  });
  expect(await storage.rules.delete(two.scope, rule.id)).toBe(false);
  expect(await storage.rules.list(one.scope)).toEqual([rule]);
});

test('a series keeps its number when the schema grows, when it comes again, and under twenty at once', async () => {
  const first = await register('grow', 'a', schemaOf('1', '2'));
  const grown = await register('grow', 'a', schemaOf('2', '3', '1'));
  expect(grown.seriesIds[2]).toBe(first.seriesIds[0]);
  expect(grown.seriesIds[0]).toBe(first.seriesIds[1]);
  const many = await Promise.all(
    Array.from({ length: 20 }, (_, host) => register('grow', `h${host % 5}`, schemaOf('1', '2'))),
  );
  const ids = new Set(many.flatMap(({ seriesIds }) => [...seriesIds]));
  expect(ids.size).toBe(10);
  const known = await storage.series.schemaOf(grown.scope, 'a', grown.hash);
  expect(known).toEqual(grown);
});

test('hosts that come together, alike or not, new or known, have each the series of its own schemas', async () => {
  const wanted: [host: string, ...instances: string[]][] = [
    ['a', '1', '2', '3'],
    ['b', '1', '2', '3'],
    ['c', '3', '4'],
    ['b', '2', '9'],
    ['d', '1', '2', '3'],
    ['known', '0', '2'],
    ['c', '3', '4'],
  ];
  await register('together', 'known', schemaOf('2'));
  const registered = await Promise.all(
    wanted.map(([host, ...instances]) => register('together', host, schemaOf(...instances))),
  );
  const rows = await sql<{ series_id: number; host: string; instance: string }[]>`
    select series_id, h.name as host, labels ->> 'instance' as instance from series
    join host h using (tenant_id, host_id) where tenant_id = ${registered[0]?.scope.tenantId ?? 0}`;
  const series = new Map(rows.map(({ series_id, host, instance }) => [series_id, `${host} ${instance}`]));
  expect(registered.map(({ seriesIds }) => Array.from(seriesIds, (id) => series.get(id)))).toEqual(
    wanted.map(([host, ...instances]) => instances.map((instance) => `${host} ${instance}`)),
  );
  expect(rows.length).toBe(3 + 3 + 2 + 1 + 3 + 2);
  for (const one of registered) expect(await storage.series.schemaOf(one.scope, one.host, one.hash)).toEqual(one);
  // What hosts that are alike have in common is kept once, whoever asks and how.
  const collector = await another();
  onTestFinished(() => collector.close());
  const alike = registered.filter(({ host }, at) => ['a', 'b', 'd'].includes(host) && at !== 3);
  const asked = await Promise.all([
    ...alike.map(({ scope, host, hash }) => collector.series.schemaOf(scope, host, hash)),
    ...alike.map(async ({ scope, hostId, hash }) =>
      (await collector.series.schemasOfHost(scope, hostId)).find((one) => Buffer.compare(one.hash, hash) === 0),
    ),
  ]);
  expect(asked).toEqual([...alike, ...alike]);
  expect(new Set(asked.map((one) => one?.schema)).size).toBe(1);
});

test('samples of any age within and beyond the partitions are kept and found; whole old days are dropped', async () => {
  const schema = await register('age', 'a', schemaOf('1'));
  const days = [0, 1, 2, 40].map((age) => now - age * dayMs);
  const inserted = await storage.batches.insert(days.map((t0, seq) => batchOf(schema, seq, t0)));
  expect(inserted).toEqual(['new', 'new', 'new', 'new']);
  await storage.ensurePartitions(now - 2 * dayMs);
  const series = await storage.series.candidates(schema.scope, []);
  const read = async () => {
    const found = await storage.samples.read(schema.scope, series, { from: now - 50 * dayMs, to: now + dayMs });
    return [...(found.get(series[0]?.seriesId ?? 0)?.times ?? [])];
  };
  expect(await read()).toHaveLength(8);
  expect(await storage.dropExpired(now, { samples: 0.2, minutes: 90, hours: 1000 })).toBeGreaterThan(0);
  expect(await read()).toEqual([now, now + 9000]);
});

test('recent batches come back in order of time, for one tenant', async () => {
  const schema = await register('recent', 'a', schemaOf('1'));
  await storage.batches.insert([3, 1, 2].map((seq) => batchOf(schema, seq, now + seq * 10_000)));
  const seqs: number[] = [];
  const recent = async () => {
    seqs.length = 0;
    for await (const { seq } of storage.samples.recent(schema.scope, now + 20_000)) seqs.push(seq);
  };
  await recent();
  expect(seqs).toEqual([2, 3]);
  const host = { tenantId: schema.scope.tenantId, hostId: schema.hostId };
  await storage.createCompactor(silentLog, { ...defaultPolicy, coldMs: 0 }).flush([host], now + 29_000);
  await recent();
  // The first two are one segment by now, named by its last batch.
  expect(seqs).toEqual([2, 3]);
});

test('a key opens its own tenant with its scope; what is stored can not be used as a key', async () => {
  const scope = await storage.tenants.ensure('keys');
  const key = await storage.keys.create(scope, { name: 'agent', scope: 'ingest' });
  expect(key).toMatch(/^tsr_[\w-]{32}$/u);
  expect(await storage.keys.find(key)).toMatchObject({ tenant: scope, scope: 'ingest', name: 'agent' });
  expect(await storage.keys.find(`${key}x`)).toBeUndefined();
  const rows = await sql`select * from api_key`;
  expect(JSON.stringify(rows)).not.toContain(key);
});

test('a sign-in code works once and in time; a session ends', async () => {
  const scope = await storage.tenants.ensure('sessions');
  const code = await storage.sessions.createSignInCode(scope, 1000, now);
  const signedIn = await storage.sessions.redeem(code, 5000, now + 500);
  expect(signedIn?.tenant).toEqual(scope);
  expect(await storage.sessions.redeem(code, 5000, now + 600)).toBeUndefined();
  const late = await storage.sessions.createSignInCode(scope, 1000, now);
  expect(await storage.sessions.redeem(late, 5000, now + 1000)).toBeUndefined();
  const token = signedIn?.token ?? '';
  expect(await storage.sessions.find(token, now + 5000)).toMatchObject({ tenant: scope, user: { role: 'owner' } });
  expect(await storage.sessions.find(token, now + 5500)).toBeUndefined();
});

test('an event of a host that changes is one row, open until it has an end, and seen by its tenant alone', async () => {
  const scope = await storage.tenants.ensure('events');
  const event = {
    id: 'e1',
    host: 'a',
    start: now,
    peakAt: now + 2000,
    peakSurprise: 6.5,
    peakRatio: 0.3,
    detectors: ['zscore'],
    seriesCount: 0,
    contributors: [],
    reason: 'a reason',
  };
  await storage.anomalyEvents.save(scope, [event]);
  expect(await storage.anomalyEvents.open(scope)).toEqual([event]);
  const ended = { ...event, end: now + 5000, peakSurprise: 9 };
  await storage.anomalyEvents.save(scope, [ended]);
  expect(await storage.anomalyEvents.open(scope)).toEqual([]);
  expect(await storage.anomalyEvents.find(scope, 'e1')).toEqual(ended);
  expect(await storage.anomalyEvents.list(scope, { start: now + 4000, end: now + 9000, hosts: ['a', 'c'] })).toEqual([
    ended,
  ]);
  expect(await storage.anomalyEvents.list(scope, { start: now + 4000, end: now + 9000, hosts: ['b'] })).toEqual([]);
  expect(await storage.anomalyEvents.list(scope, { start: now + 6000, end: now + 9000 })).toEqual([]);
  const other = await storage.tenants.ensure('events-other');
  expect(await storage.anomalyEvents.find(other, 'e1')).toBeUndefined();
  expect(await storage.anomalyEvents.list(other, { start: now, end: now + 9000 })).toEqual([]);
});

test('what detectors learnt is kept by host and version, the newest, as long as there is the host', async () => {
  const scope = await storage.tenants.ensure('detector-states');
  const { hostId } = await register('detector-states', 'a', schemaOf('1'));
  const listed = async (version = 5) => {
    const found = [];
    for await (const one of storage.detectorStates.list(scope, version)) found.push(one);
    return found;
  };
  const state = { hostId, lane: 0, version: 5, body: new Uint8Array([1, 2, 255]) };
  await storage.detectorStates.save(scope, { ...state, body: new Uint8Array([9]) }, now);
  await storage.detectorStates.save(scope, state, now + 1);
  await storage.detectorStates.save(scope, { ...state, hostId: hostId + 1 }, now);
  expect(await listed()).toEqual([state]);
  // A newer collector finds what it can't read, and that it leaves to those that can.
  expect(await listed(6)).toEqual([state]);
  const newer = { ...state, version: 6, body: new Uint8Array([6]) };
  await storage.detectorStates.save(scope, newer, now + 2);
  expect([await listed(), await listed(6), await listed(7)]).toEqual([[state], [newer], [newer]]);
  await storage.detectorStates.expire(now + 1);
  expect([await listed(), await listed(6)]).toEqual([[state], [newer]]);
  // What nobody has written anew for long goes; what only one version knows stays.
  await storage.detectorStates.expire(now + 9);
  expect([await listed(), await listed(6)]).toEqual([[newer], [newer]]);
  // One from before there were versions, that has not been replaced yet, writes where it always did.
  const former = new Uint8Array([5]);
  await sql`
    insert into detector_state (tenant_id, host_id, lane, body, saved_at)
    values (${scope.tenantId}, ${hostId}, 0, ${former}, ${now + 3})`;
  expect([await listed(), await listed(6)]).toEqual([[{ ...state, body: former }], [newer]]);
  await storage.detectorStates.expire(now + 9);
  expect(await listed()).toEqual([newer]);
  await storage.deletions.deleteHost(scope, 'a');
  expect(await listed()).toEqual([]);
});

test('an anomaly that changes is one row; the list takes what overlaps the range', async () => {
  const scope = await storage.tenants.ensure('anomalies');
  const anomaly = {
    id: 'x',
    host: 'a',
    metric: 'up',
    labels: { host: 'a' },
    detector: 'zscore',
    start: now,
    peakScore: 5,
    peakAt: now,
    value: 2,
    expected: 1,
    reason: 'why',
  };
  await storage.anomalies.save(scope, [anomaly]);
  const ended = { ...anomaly, end: now + 5000, peakScore: 9 };
  await storage.anomalies.save(scope, [ended]);
  expect(await storage.anomalies.list(scope, { start: now + 4000, end: now + 9000, host: 'a' })).toEqual([ended]);
  expect(await storage.anomalies.list(scope, { start: now + 6000, end: now + 9000 })).toEqual([]);
});
