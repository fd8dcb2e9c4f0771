import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { openEmbedded } from './embedded/embedded.ts';
import { openStorage } from './storage.ts';

/** A server of one's own, reached over TCP: an embedded one behind a relay, since it listens on a socket only. */
const folder = await mkdtemp(join(tmpdir(), 'tarsier-own-'));
await chmod(folder, 0o755);
const { connection, close } = await openEmbedded({ dataFolder: folder, use: 'own', log: silentLog });
const relay = createServer((client) => {
  const upstream = connect(`${connection.host}/.s.PGSQL.${connection.port}`);
  client.pipe(upstream).pipe(client);
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
});
await new Promise<void>((resolve) => {
  relay.listen(0, '127.0.0.1', resolve);
});
// A server that listens on a port has an address with one.
const { port } = relay.address() as AddressInfo;
const admin = postgres({ ...connection, database: 'postgres', max: 1, onnotice() {} });
afterAll(async () => {
  await admin.end();
  relay.close();
  await close();
  await rm(folder, { recursive: true, force: true });
});

const urlOf = (database: string, password = connection.password) =>
  `postgres://${connection.user}:${password}@127.0.0.1:${port}/${database}`;
const open = (databaseUrl: string) => openStorage({ databaseUrl, dataFolder: join(folder, 'unused'), log: silentLog });

test('a server of one’s own is used by its URL; several collectors may start on it at once', async () => {
  await admin`create database mine`;
  const storages = await Promise.all([open(urlOf('mine')), open(urlOf('mine')), open(urlOf('mine'))]);
  const scopes = await Promise.all(storages.map(({ tenants }) => tenants.ensure('default')));
  expect(new Set(scopes.map(({ tenantId }) => tenantId)).size).toBe(1);
  await Promise.all(storages.map((storage) => storage.ensurePartitions(Date.now())));
  await Promise.all(storages.map((storage) => storage.close()));
});

test('a database is served on after a newer Tarsier has added to it, and left alone after one has changed what was there', async () => {
  await admin`create database newer`;
  await (await open(urlOf('newer'))).close();
  const later = Date.UTC(2099, 0, 1);
  const sql = postgres(urlOf('newer'), { max: 1 });
  await sql`create table later (tenant_id integer not null, body text not null)`;
  await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('later', ${later})`;

  const storage = await open(urlOf('newer'));
  expect(await storage.tenants.ensure('default')).toMatchObject({ tenant: 'default' });
  await storage.close();
  // It was there, and is of a tenant: nobody forgets to guard it.
  expect(await sql`select relrowsecurity as guarded from pg_class where relname = 'later'`).toEqual([
    { guarded: true },
  ]);

  await sql.unsafe(`comment on table drizzle.__drizzle_migrations is '${later}'`);
  await expect(open(urlOf('newer'))).rejects.toMatchObject({
    code: 'storage/newer',
    message: expect.stringContaining('2099-01-01'),
  });
  await sql.unsafe('comment on table drizzle.__drizzle_migrations is null');
  await expect(open(urlOf('newer'))).rejects.toMatchObject({ code: 'storage/newer' });
  await sql.end();
});

test('a wrong password, and a server that is not there, say so without the password', async () => {
  const failure = await open(urlOf('mine', 'secret-guess')).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'storage/unreachable' });
  expect(String(failure)).not.toContain('secret-guess');
  await expect(open('postgres://a:b@127.0.0.1:1/x')).rejects.toMatchObject({ code: 'storage/unreachable' });
});
