import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { seriesSignature } from '@tarsier/protocol';
import connect from 'postgres';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { createScrapeOutput } from '../samples/scrape-output.ts';
import { freePort, serveTcp } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { openClient } from './client.ts';
import { postgres } from './postgres.ts';
import { sections, type Row } from './sections.ts';

/** What a server of a version answered, by section; captured while one query held a lock and another waited for it. */
function samplesOf(file: string): Record<string, number> {
  const answers = JSON.parse(readFileSync(new URL(`testdata/${file}`, import.meta.url), 'utf8')) as Record<
    string,
    Row[]
  >;
  const out = createScrapeOutput(postgres);
  for (const section of sections) section.put(answers[section.name] ?? [], 'db', out);
  return Object.fromEntries(
    out.seriesList.flatMap((series, handle) =>
      out.present[handle] === 1 ? [[seriesSignature(series), out.values[handle] ?? Number.NaN]] : [],
    ),
  );
}

describe('captured answers', () => {
  const files = readdirSync(new URL('testdata/', import.meta.url));
  const seriesOf = (file: string): string[] =>
    Object.keys(samplesOf(file))
      .filter((series) => !/postgres_(info|replica_|slot_)/u.test(series))
      .toSorted();

  test('of all versions have the same series, but for buffers that backends wrote', () => {
    const primaries = files.filter((file) => !file.includes('replica'));
    expect(primaries.map((file) => file.split('.')[0])).toEqual(
      [12, 13, 14, 15, 16, 17, 18].map((v) => `postgresql-${v}`),
    );
    const expected = seriesOf('postgresql-12.22.json');
    const backend = 'postgres_buffers_written_total{by="backend",name="db"}';
    for (const file of primaries) {
      const series = seriesOf(file);
      const told = Number(/\d+/u.exec(file)?.[0]) < 17 ? expected : expected.filter((one) => one !== backend);
      expect(series, file).toEqual(told);
    }
  });

  test.each(files.filter((file) => !file.includes('replica')))('%s tells of the lock and of who waits', (file) => {
    expect(samplesOf(file)).toMatchObject({
      'postgres_connections{name="db",state="active"}': 2,
      'postgres_connections_waiting{name="db"}': 1,
      'postgres_slow_queries{name="db"}': 2,
      'postgres_locks{mode="share",name="db"}': 1,
      'postgres_rows_total{database="shop",name="db",operation="inserted"}': expect.any(Number),
    });
  });

  test('of a primary become samples', () => {
    expect(samplesOf('postgresql-15.18.json')).toMatchObject({
      'postgres_info{name="db",role="primary",version="15.18"}': 1,
      'postgres_uptime_seconds{name="db"}': 89,
      'postgres_database_size_bytes{database="shop",name="db"}': 8_002_919,
      'postgres_transactions_total{database="shop",name="db",outcome="commit"}': 13,
      'postgres_transactions_total{database="shop",name="db",outcome="rollback"}': 2,
      'postgres_blocks_total{database="shop",name="db",source="cache"}': 12_014,
      'postgres_blocks_total{database="shop",name="db",source="disk"}': 47,
      'postgres_longest_transaction_seconds{name="db"}': 11.790127,
      'postgres_checkpoints_total{cause="requested",name="db"}': 2,
      'postgres_checkpoint_seconds_total{name="db",phase="write"}': 0.816,
      'postgres_buffers_written_total{by="backend",name="db"}': 346,
      'postgres_wal_bytes_total{name="db"}': 67_111_136,
      'postgres_wal_archived_total{name="db"}': 4,
      'postgres_replica_lag_bytes{name="db",replica="standby1@127.0.0.1"}': 0,
      'postgres_slot_active{name="db",slot="unused"}': 1,
      'postgres_transaction_age{database="shop",name="db"}': 16,
      'postgres_wraparound_ratio{name="db"}': 0,
    });
  });

  test('of a replica tell how late it is', () => {
    expect(samplesOf('postgresql-15.18-replica.json')).toMatchObject({
      'postgres_info{name="db",role="replica",version="15.18"}': 1,
      'postgres_replay_lag_seconds{name="db"}': 0,
      'postgres_primary_link_up{name="db"}': 1,
    });
  });
});

/** The server of this test run, which others use as well; a role and a database of this test alone. */
async function setUp(grant: string) {
  const server = inject('testServer');
  const admin = connect({ ...server, database: 'postgres', max: 1, onnotice() {} });
  const name = `plugin_${randomUUID().slice(0, 8)}`;
  await admin.unsafe(`create role ${name} login password 'geheim'`);
  await admin.unsafe(`create database ${name}`);
  if (grant !== '') await admin.unsafe(`grant ${grant} to ${name}`);
  const session = connect({ ...server, database: name, max: 1, onnotice() {} });
  onTestFinished(async () => {
    await session.end();
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.unsafe(`drop role ${name}`);
    await admin.end();
  });
  const { host, port } = server;
  return {
    name,
    admin,
    session,
    server,
    url: `postgres://${name}:geheim@${encodeURIComponent(host)}:${port}/postgres`,
  };
}

describe('a real server', () => {
  test('is measured through one session that is kept', async () => {
    const { name, admin, session, url } = await setUp('pg_monitor');
    await session.unsafe('create table shop (a int)');
    await session.unsafe('insert into shop select generate_series(1, 1000)');
    await session.unsafe('begin');
    await session.unsafe('select count(*) from shop');
    const opened = openPlugin(postgres, { maxDatabases: 60, targets: [{ name: 'db', url }] });
    const first = await opened.scrape();
    const series = (metric: string, labels = '') => `postgres_${metric}{${labels}name="db"`;
    expect(first).toMatchObject({
      [`${series('up')}}`]: 1,
      [`${series('rows_total', `database="${name}",`)},operation="returned"}`]: expect.any(Number),
      [`${series('wraparound_ratio')}}`]: expect.any(Number),
    });
    expect(first[`${series('database_size_bytes', `database="${name}",`)}}`]).toBeGreaterThan(1_000_000);
    expect(first[`${series('connections')},state="idle_in_transaction"}`]).toBeGreaterThanOrEqual(1);
    expect(first[`${series('longest_transaction_seconds')}}`]).toBeGreaterThan(0);
    expect(first[`${series('locks', 'mode="access_share",')}}`]).toBeGreaterThanOrEqual(1);
    const sessions = async () =>
      admin.unsafe<{ pid: number }[]>(`select pid from pg_stat_activity where usename = '${name}'`);
    const [before] = await sessions();
    const second = await opened.scrape();
    expect(await sessions()).toEqual([before]);
    expect(Object.keys(second).toSorted()).toEqual(Object.keys(first).toSorted());
    expect(opened.warnings).toEqual([]);
    await opened.close();
    await expect.poll(sessions, { timeout: 20_000 }).toEqual([]);
  });

  test('is neither written to nor kept busy', async () => {
    const { name, server } = await setUp('');
    const { host, port } = server;
    const access = { host, port, user: name, password: 'geheim', database: name, tls: 'disable', ca: '' } as const;
    const client = await openClient(access, 500);
    const { signal } = new AbortController();
    await expect(client.query('create table t (a int)', signal)).rejects.toThrow('read-only transaction');
    await expect(client.query('select pg_sleep(60)', signal)).rejects.toThrow('statement timeout');
    await client.close();
  });

  test('that ends the session, or comes back, is measured again at the next scrape', async () => {
    const { name, admin, url } = await setUp('pg_monitor');
    const { scrape, warnings, close } = openPlugin(postgres, { targets: [{ name: 'db', url }] });
    const up = async () => (await scrape())['postgres_up{name="db"}'];
    expect(await up()).toBe(1);
    await admin.unsafe(`select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = '${name}'`);
    await expect.poll(up, { timeout: 20_000 }).toBe(1);
    expect(warnings.length).toBeLessThanOrEqual(1);
    await close();
  });

  test('tells a role without rights less, and hides what others do', async () => {
    const { session, url } = await setUp('');
    await session.unsafe('select 1');
    const { scrape, close } = openPlugin(postgres, { targets: [{ name: 'db', url }] });
    const samples = await scrape();
    expect(samples).toMatchObject({ 'postgres_up{name="db"}': 1 });
    expect(samples['postgres_connections{name="db",state="hidden"}']).toBeGreaterThanOrEqual(1);
    expect(samples).not.toHaveProperty(['postgres_connections{name="db",state="active"}']);
    await close();
  });

  test('is not waited for when it does not answer, and shows no secret when it says no', async () => {
    const { name, server } = await setUp('');
    const at = `${encodeURIComponent(server.host)}:${server.port}`;
    const { scrape, warnings, close } = openPlugin(postgres, {
      timeoutMs: 2_000,
      targets: [
        { name: 'nobody', url: `postgres://me:geheim@127.0.0.1:${await freePort()}` },
        { name: 'silent', url: `postgres://me:geheim@127.0.0.1:${await serveTcp(() => {})}`, tls: 'disable' },
        { name: 'no-base', url: `postgres://${name}:geheim@${at}/no_such_database` },
        { name: 'fine', url: `postgres://${name}:geheim@${at}` },
      ],
    });
    expect(await scrape()).toMatchObject({
      'postgres_up{name="nobody"}': 0,
      'postgres_up{name="silent"}': 0,
      'postgres_up{name="no-base"}': 0,
      'postgres_up{name="fine"}': 1,
    });
    expect(warnings).toContain('no-base: database "no_such_database" does not exist');
    expect(warnings.join()).not.toContain('geheim');
    await close();
  });
});

test('a server of this host is looked for at its socket only, and what it refuses is said', async () => {
  const host = createHost();
  const asked: string[] = [];
  const files = { ...host.files, stat: (path: string) => Promise.resolve(void asked.push(path)) };
  expect(await postgres.probe?.({}, { ...host, files })).toBe(
    'no targets are set, and no PostgreSQL answers at /run/postgresql/.s.PGSQL.5432, /tmp/.s.PGSQL.5432',
  );
  expect(asked).toEqual(['/run/postgresql/.s.PGSQL.5432', '/tmp/.s.PGSQL.5432']);
});
