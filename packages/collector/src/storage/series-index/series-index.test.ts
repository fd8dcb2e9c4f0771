import { encodeSchema, type Labels } from '@tarsier/protocol';
import { schemaHash } from '@tarsier/protocol/zstd';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parseSelector } from '../../query/language/parse.ts';
import { compileMatchers, compileTests } from '../../query/selector.ts';
import { createTestStorage } from '../testing.ts';
import { LabelIndex } from './label-index.ts';

const { storage, sql, drop, another } = await createTestStorage();
afterAll(drop);

const words = fc.constantFrom('a', 'b', 'ab', 'abc', '__proto__', 'x y');
const series = fc.array(
  fc.record({
    name: fc.constantFrom('up', 'down', 'load1'),
    host: fc.constantFrom('h1', 'h2', 'h3'),
    labels: fc.dictionary(fc.constantFrom('cpu', 'mode', 'device'), words, { maxKeys: 3 }),
  }),
  { maxLength: 40 },
);
const matchers = fc
  .array(
    fc.tuple(
      fc.constantFrom('cpu', 'mode', 'device', 'host', '__name__', 'none'),
      fc.constantFrom('=', '!=', '=~', '!~'),
      fc.oneof(words, fc.constantFrom('', 'h1', 'up', '.*', '.+', 'a|b', 'h[12]', '(a|ab)c?')),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.map(([label, op, value]) => ({ label, op, value }) as const));

test('whatever is asked of whatever labels, the index finds what looking at each series finds', () => {
  fc.assert(
    fc.property(series, matchers, (given, asked) => {
      const index = new LabelIndex();
      const rows = given.map(({ name, host, labels }, at) => ({
        seriesId: at + 1,
        hostId: Number(host.slice(1)),
        name,
        labels: { ...labels, host } satisfies Labels,
        kind: at % 2 === 0 ? ('gauge' as const) : ('counter' as const),
        unit: at % 3 === 0 ? 'bytes' : '',
      }));
      for (const row of rows) index.add(row);
      const matches = compileMatchers(asked);
      const expected = rows
        .filter(matches)
        .map((row) => ({ ...row, host: row.labels.host }))
        .toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.seriesId - b.seriesId));
      const tests = compileTests(asked);
      expect(index.match(tests)).toEqual(expected);
      const pairs = (of: readonly (typeof rows)[number][]) =>
        of.flatMap(({ name, labels }) => [['__name__', name] as const, ...Object.entries(labels)]);
      const distinct = (texts: readonly string[]) => [...new Set(texts)].toSorted();
      const either = [tests, compileTests([{ label: '__name__', op: '=', value: 'up' }])];
      const ups = rows.filter(({ name }) => name === 'up');
      for (const [selectors, of] of [
        [[], rows],
        [[tests], expected],
        [either, [...expected, ...ups]],
      ] as const) {
        expect(index.labelNames(selectors)).toEqual(distinct(pairs(of).map(([name]) => name)));
        for (const label of ['__name__', 'host', 'cpu', 'none']) {
          const values = pairs(of).flatMap(([name, value]) => (name === label ? [value] : []));
          expect(index.labelValues(label, selectors)).toEqual(distinct(values));
        }
      }
      const ofMetrics = Map.groupBy(rows, ({ name }) => name);
      const counts = [...ofMetrics].map(([name, of]) => ({ name, series: of.length }));
      expect(index.largestMetric()).toEqual(
        counts.toSorted((a, b) => b.series - a.series || (a.name < b.name ? -1 : 1))[0],
      );
      expect(index.metrics().map(({ name }) => name)).toEqual([...new Set(rows.map(({ name }) => name))]);
      if (expected.length > 0) {
        expect(() => index.match(tests, { most: expected.length - 1 })).toThrow(
          expect.objectContaining({ code: 'query/too-many-series' }),
        );
      }
    }),
    { numRuns: 1_000 },
  );
});

async function register(of: typeof storage, tenant: string, host: string, name: string, devices: readonly string[]) {
  const bytes = encodeSchema({
    metrics: [{ name, kind: 'gauge', unit: '', help: '' }],
    series: devices.map((device) => ({ metric: 0, labels: { device } })),
  });
  return of.series.register(await of.tenants.ensure(tenant), host, schemaHash(bytes), bytes);
}

const match = async (of: typeof storage, tenant: string, selector: string) =>
  (await of.series.match(await of.tenants.ensure(tenant), compileTests(parseSelector(selector)))).map(
    ({ host, name, labels }) => `${host} ${name} ${labels['device']}`,
  );

test('series are found as soon as they are registered, by whichever collector, and gone as soon as their host is', async () => {
  const other = await another();
  expect(await match(storage, 'fresh', '{device=~".+"}')).toEqual([]);
  await register(storage, 'fresh', 'a', 'disk', ['sda']);
  expect(await match(other, 'fresh', 'disk')).toEqual(['a disk sda']);
  await register(other, 'fresh', 'b', 'disk', ['sda', 'sdb']);
  expect(await match(storage, 'fresh', 'disk{device="sda"}')).toEqual(['a disk sda', 'b disk sda']);
  const { hostId } = await register(storage, 'fresh', 'c', 'net', ['eth0']);
  expect(hostId).toBe(3);
  await other.deletions.deleteHost(await other.tenants.ensure('fresh'), 'b');
  expect(await match(storage, 'fresh', '{device!=""}')).toEqual(['a disk sda', 'c net eth0']);
  expect(await match(storage, 'elsewhere', '{device!=""}')).toEqual([]);
  await other.close();
});

test('at its limit a tenant gets no more series, and is told which metric they are of; others go on', async () => {
  const scope = await storage.tenants.ensure('full');
  await sql`update tenant set max_series = 5 where tenant_id = ${scope.tenantId}`;
  await register(storage, 'full', 'a', 'disk_used_ratio', ['1', '2', '3']);
  await expect(register(storage, 'full', 'b', 'http_requests_total', ['1', '2', '3'])).rejects.toMatchObject({
    code: 'ingest/too-many-series',
    retryable: true,
    message:
      'series: tenant full has 3 of at most 5, and 3 more were sent, 3 of them of http_requests_total; most of those there are of disk_used_ratio (3)',
  });
  expect(await storage.hosts.list(scope)).toMatchObject([{ host: 'a' }]);
  // Those that come together are taken together; one that there is no room for keeps the others out no more than before.
  const together = await Promise.allSettled([
    register(storage, 'full', 'b', 'http_requests_total', ['1', '2']),
    register(storage, 'full', 'd', 'http_requests_total', ['1']),
    register(storage, 'full', 'a', 'disk_used_ratio', ['1', '2']),
  ]);
  expect(together.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await register(storage, 'not-full', 'b', 'http_requests_total', ['1', '2', '3', '4', '5', '6']);
  await storage.deletions.deleteHost(scope, 'a');
  await register(storage, 'full', 'c', 'disk_used_ratio', ['1', '2', '3']);
});

test('what series are made of is counted by metric, label and value', async () => {
  await register(storage, 'made-of', 'a', 'disk', ['sda', 'sdb', 'sdc']);
  await register(storage, 'made-of', 'b', 'disk', ['sda']);
  await register(storage, 'made-of', 'b', 'net', ['eth0']);
  const scope = await storage.tenants.ensure('made-of');
  expect(await storage.series.cardinality(scope, 2)).toEqual({
    series: 5,
    metrics: [
      { name: 'disk', series: 4 },
      { name: 'net', series: 1 },
    ],
    labels: [
      { name: 'device', values: 4, series: 5, bytes: 13 },
      { name: 'host', values: 2, series: 5, bytes: 2 },
    ],
    pairs: [
      { name: 'host', value: 'a', series: 3 },
      { name: 'device', value: 'sda', series: 2 },
    ],
    hosts: [
      { name: 'a', series: 3 },
      { name: 'b', series: 2 },
    ],
    values: 8,
  });
});

test('a tenant whose hosts the planner takes to be few is read without going through all of them for each series', async () => {
  const devices = Array.from({ length: 50 }, (_, at) => `sd${at}`);
  await register(storage, 'known', 'a', 'disk', devices);
  await sql`analyze host, series`;
  const hosts = Array.from({ length: 100 }, (_, at) => `h${at}`);
  await Promise.all(hosts.map((host) => register(storage, 'new', host, 'disk', devices)));
  const visits = async (table: string): Promise<number> => {
    const [row] = await sql<{ rows: string }[]>`
      select seq_tup_read + coalesce(idx_tup_fetch, 0) as rows from pg_stat_user_tables where relname = ${table}`;
    return Number(row?.rows ?? 0);
  };
  const other = await another();
  const before = { hosts: await visits('host'), series: await visits('series') };
  expect(await match(other, 'new', 'disk')).toHaveLength(5_000);
  await other.close();
  // A connection tells of both tables together when it ends.
  await expect.poll(() => visits('series'), { timeout: 10_000 }).toBeGreaterThanOrEqual(before.series + 5_000);
  expect((await visits('host')) - before.hosts).toBeLessThan(5_000);
});
