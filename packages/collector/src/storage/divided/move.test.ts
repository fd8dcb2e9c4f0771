import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { encodePayload, encodeSchema } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import postgres from 'postgres';
import { afterAll, expect, inject, test } from 'vitest';
import { silentLog } from '../../log.ts';
import type { TenantScope } from '../../tenant.ts';
import { connectAsOwner } from '../database.ts';
import { testJob } from '../jobs/testing-job.ts';
import type { RegisteredSchema } from '../series-catalog.ts';
import { openStorage, type Storage } from '../storage.ts';
import { urlOf } from '../testing-url.ts';
import { closeTenant, logWrites, removeTriggers } from './closed.ts';
import type { MovePoint } from './move.ts';
import { clearTenant, copyWritten, tablesToMove } from './move-rows.ts';

const server = inject('testServer');
const admin = postgres({ ...server, database: 'postgres', max: 1, onnotice() {} });
const names = { home: `home_${randomBytes(6).toString('hex')}`, east: `east_${randomBytes(6).toString('hex')}` };
for (const name of Object.values(names)) await admin.unsafe(`create database ${name}`);
const databases = { home: urlOf(server, names.home), east: urlOf(server, names.east) };
const open = (): Promise<Storage> =>
  openStorage({
    databaseUrl: databases.home,
    databases: new Map([['east', databases.east]]),
    dataFolder: '/nowhere',
    log: silentLog,
  });
/** Two collectors: one is told nothing by the other. */
const storage = await open();
const other = await open();
const sql = {
  home: connectAsOwner({ ...server, database: names.home }, 1),
  east: connectAsOwner({ ...server, database: names.east }, 1),
};
afterAll(async () => {
  await Promise.all([storage.close(), other.close(), sql.home.end(), sql.east.end()]);
  for (const name of Object.values(names)) await admin.unsafe(`drop database ${name} with (force)`);
  await admin.end();
});
await storage.tiers.ensure();
await storage.ensurePartitions(Date.now());

const soon = { clearAfterMs: 300, noticeMs: 50 };
const up = { name: 'up', kind: 'gauge', unit: '', help: '' } as const;
const schemaBytes = encodeSchema({ metrics: [up], series: [{ metric: 0, labels: {} }] });

interface Stream {
  readonly schema: RegisteredSchema;
  readonly acknowledged: Set<number>;
  stop(): Promise<void>;
}

/** Ships batches without a pause, again and again until they are taken, at both collectors in turn. */
async function ship(scope: TenantScope, host: string): Promise<Stream> {
  const schema = await storage.series.register(scope, host, schemaHash(schemaBytes), schemaBytes, true);
  const acknowledged = new Set<number>();
  let stopped = false;
  const epoch = Date.now();
  const run = async (): Promise<void> => {
    for (let seq = 0; !stopped; seq++) {
      const t0 = epoch + seq;
      const values = Float64Array.of(seq);
      const payload = encodePayload({ times: Float64Array.of(t0), width: 1, values }, zstdCompress);
      const batch = {
        scope,
        hostId: schema.hostId,
        epoch,
        seq,
        t0,
        t1: t0,
        rows: 1,
        samples: 1,
        schemaHash: schema.hash,
        payload,
      };
      for (;;) {
        const [inserted] = await (seq % 2 === 0 ? storage : other).batches.insert([batch]);
        if (inserted === 'new' || inserted === 'known') break;
        expect(inserted).toBe('moving');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      acknowledged.add(seq);
    }
  };
  const running = run();
  return {
    schema,
    acknowledged,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

async function rowsIn(place: 'home' | 'east', { tenantId }: TenantScope): Promise<number> {
  let count = 0;
  const { early, late } = await tablesToMove(sql[place]);
  for (const { name } of [...early, ...late]) {
    const [row] = await sql[place]<{ rows: number }[]>`
      select count(*)::int as rows from ${sql[place](name)} where tenant_id = ${tenantId}`;
    count += row?.rows ?? 0;
  }
  return count;
}

/** What a move puts into a database besides rows. */
async function traces(place: 'home' | 'east'): Promise<unknown> {
  const [row] = await sql[place]`
    select (select count(*) from pg_trigger where tgname like 'tarsier%')::int as triggers,
      (select count(*) from pg_proc where proname like 'tarsier%')::int as functions,
      (select count(*) from move_log)::int as logged, (select count(*) from closed_tenant)::int as closed`;
  return row;
}
const noTraces = { triggers: 0, functions: 0, logged: 0, closed: 0 };

async function seqsOf(place: 'home' | 'east', { scope, hostId }: RegisteredSchema): Promise<number[]> {
  const rows = await sql[place]<{ seq: number }[]>`
    select seq from batch where tenant_id = ${scope.tenantId} and host_id = ${hostId} order by seq`;
  return rows.map(({ seq }) => seq);
}

async function expectAll(place: 'home' | 'east', { schema, acknowledged }: Stream): Promise<void> {
  expect(await seqsOf(place, schema)).toEqual([...acknowledged]);
  const found = await storage.samples.read(schema.scope, await storage.series.match(schema.scope, []), {
    from: 0,
    to: Date.now() + 60_000,
  });
  const [samples] = found.values();
  expect(samples?.values.length).toBe(acknowledged.size);
}

/** Something of most kinds. */
async function furnish(scope: TenantScope): Promise<{ readonly key: string; readonly session: string }> {
  const key = await storage.keys.create(scope, { name: 'k', scope: 'admin' });
  const { token } = await storage.users.invite(scope, {
    email: `ann@${scope.tenant}.example`,
    role: 'owner',
    expiresAt: Date.now() + 1e6,
  });
  const joined = await storage.users.join(token, { name: 'Ann', passwordHash: 'x' });
  const session = await storage.sessions.create(scope, joined?.user.id ?? '', 1e6, Date.now());
  await storage.channels.create(scope, { kind: 'webhook', name: 'ops', url: 'http://127.0.0.1:1' });
  const by = { kind: 'system', name: 'test' } as const;
  await storage.audit.append(scope, {
    at: Date.now(),
    actor: by,
    action: 'x',
    target: 'y',
    from: '',
    requestId: '',
    before: null,
    after: null,
  });
  const job = testJob({ type: 'none', maxAttempts: 1, estimateCost: 0, reserved: 0 });
  await storage.jobs.submit(scope, [job], { by: 'test', now: Date.now() });
  return { key, session };
}

async function knows(scope: TenantScope, { key, session }: Awaited<ReturnType<typeof furnish>>): Promise<void> {
  for (const one of [storage, other]) {
    expect((await one.keys.find(key))?.tenant).toEqual(scope);
    expect((await one.sessions.find(session, Date.now()))?.user.email).toBe(`ann@${scope.tenant}.example`);
    expect((await one.users.account(`ann@${scope.tenant}.example`))?.tenants.map(({ tenant }) => tenant)).toEqual([
      scope,
    ]);
    expect((await one.channels.list(scope)).map(({ name }) => name)).toEqual(['ops']);
    expect(await one.jobs.list(scope, { limit: 10, before: undefined })).toHaveLength(1);
    expect((await one.audit.verify(scope)).fault).toBeUndefined();
    expect(await one.tenants.find(scope.tenant)).toEqual(scope);
  }
}

test(
  'a tenant moves there and back while it is written to, and others stay as they are',
  { timeout: 240_000 },
  async () => {
    const [acme, beta] = [await storage.tenants.ensure('acme'), await storage.tenants.ensure('beta')];
    const known = await furnish(acme);
    const held = await storage.leases.renew(10_000);
    expect(held.find(({ scope }) => scope.tenant === 'acme')?.term).toBe(1);
    const streams = [await ship(acme, 'a-1'), await ship(beta, 'b-1')] as const;
    for (const [to, from] of [
      ['east', 'home'],
      ['home', 'east'],
      ['east', 'home'],
    ] as const) {
      const before = streams.map(({ acknowledged }) => acknowledged.size);
      await storage.moves.move('acme', to, soon);
      expect(streams.map(({ acknowledged }, at) => acknowledged.size > (before[at] ?? 0))).toEqual([true, true]);
      expect(await rowsIn(from, acme)).toBe(0);
      expect([await traces('home'), await traces('east')]).toEqual([noTraces, noTraces]);
      await knows(acme, known);
    }
    // Whoever decides there knows since when nobody did.
    const lease = (await storage.leases.renew(10_000)).find(({ scope }) => scope.tenant === 'acme');
    expect(lease?.term).toBeGreaterThan(3e9);
    expect(lease?.heldUntil).toBeLessThanOrEqual(Date.now());
    // New series after the moves have numbers of their own.
    const more = await other.series.register(acme, 'a-2', schemaHash(schemaBytes), schemaBytes);
    expect([...more.seriesIds]).not.toEqual([...streams[0].schema.seriesIds]);
    for (const stream of streams) await stream.stop();
    await expectAll('east', streams[0]);
    await expectAll('home', streams[1]);
    expect(await rowsIn('east', beta)).toBe(0);
  },
);

async function tableNames(place: 'home' | 'east'): Promise<readonly string[]> {
  const { early, late } = await tablesToMove(sql[place]);
  return [...early, ...late].map(({ name }) => name);
}

test('a tenant that a mover closed after its move had been undone is opened again', async () => {
  const scope = await storage.tenants.ensure('late');
  await storage.moves.move('late', 'east', soon);
  const stream = await ship(scope, 'l-1');
  await closeTenant(sql.east, scope.tenantId, await tableNames('east'));
  const before = stream.acknowledged.size;
  expect(await other.moves.recover({ ...soon, alsoClosed: true })).toEqual(['late']);
  await expect.poll(() => stream.acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(before);
  await stream.stop();
  await expectAll('east', stream);
  expect(await traces('east')).toEqual(noTraces);
  expect(await other.moves.recover({ ...soon, alsoClosed: true })).toEqual([]);
});

test('what is written meanwhile is copied in parts, however much it is', async () => {
  const scope = await storage.tenants.ensure('busy');
  const { early } = await tablesToMove(sql.home);
  await logWrites(sql.home, scope.tenantId, new Map(early.map(({ name, key }) => [name, key])));
  for (let at = 0; at < 7; at++)
    await storage.channels.create(scope, { kind: 'webhook', name: `c${at}`, url: 'http://127.0.0.1:1' });
  const rounds: number[] = [];
  for (let done = 1; done > 0; rounds.push(done))
    done = await copyWritten(sql.home, sql.east, scope.tenantId, early, 3);
  expect(rounds.length).toBeGreaterThan(3);
  expect(Math.max(...rounds)).toBe(3);
  const copied = await sql.east`select 1 from channel where tenant_id = ${scope.tenantId}`;
  expect(copied).toHaveLength(7);
  await removeTriggers(sql.home, scope.tenantId, 'moved');
  await clearTenant(sql.east, scope.tenantId, await tableNames('east'));
  expect([await traces('home'), await rowsIn('east', scope)]).toEqual([noTraces, 0]);
});

const all: readonly (readonly [MovePoint, where: 'home' | 'east'])[] = [
  ['begun', 'home'],
  ['copied', 'home'],
  ['caught up', 'home'],
  ['closed', 'home'],
  ['all copied', 'home'],
  ['switched', 'east'],
  ['opened', 'east'],
  ['cleared', 'east'],
];
/** The others with `TARSIER_ALL_POINTS=1`: each takes seconds. */
const short: ReadonlySet<MovePoint> = new Set(['copied', 'all copied', 'switched', 'cleared']);
const points = all.filter(([point]) => short.has(point) || process.env['TARSIER_ALL_POINTS'] === '1');

test.each(points)(
  'killed when it has %s, the one who moves leaves the tenant in one place',
  { timeout: 120_000 },
  async (at, where) => {
    const scope = await storage.tenants.ensure(`killed-${at.replace(' ', '-')}`);
    const known = await furnish(scope);
    const stream = await ship(scope, 'k-1');
    const task = { databases, tenant: scope.tenant, to: 'east', at, ...soon };
    const mover = spawn(
      process.execPath,
      [fileURLToPath(new URL('testing-mover.ts', import.meta.url)), JSON.stringify(task)],
      { stdio: 'inherit' },
    );
    const [, signal] = (await once(mover, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    const before = stream.acknowledged.size;
    // As a collector does every few seconds.
    await expect
      .poll(
        async () => {
          await other.moves.recover(soon);
          return (await storage.moves.list()).find(({ name }) => name === scope.tenant)?.step;
        },
        { timeout: 60_000 },
      )
      .toBeNull();
    await expect.poll(() => stream.acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(before);
    await stream.stop();
    expect(storage.placeOf(scope)).toBe(where);
    await expectAll(where, stream);
    expect(await rowsIn(where === 'home' ? 'east' : 'home', scope)).toBe(0);
    expect([await traces('home'), await traces('east')]).toEqual([noTraces, noTraces]);
    await knows(scope, known);
  },
);
