import { spawn } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../log.ts';
import { accountForPostgres, canRun } from './account.ts';
import { binariesFor } from './binaries.ts';
import { openEmbedded, type EmbeddedPostgres } from './embedded.ts';
import { takeLock } from './lock.ts';

const asRoot = process.getuid?.() === 0;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-pg-'));
  await chmod(folder, 0o755);
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return folder;
}

async function open(
  dataFolder: string,
  use: 'own' | 'share' = 'own',
  runtimeFolder?: string,
): Promise<EmbeddedPostgres> {
  const embedded = await openEmbedded({
    dataFolder,
    use,
    log: silentLog,
    ...(runtimeFolder === undefined ? {} : { runtimeFolder }),
  });
  onTestFinished(() => embedded.close());
  return embedded;
}

async function query<T>({ connection }: EmbeddedPostgres, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres({ ...connection, database: 'postgres', max: 1 });
  try {
    return await run(sql);
  } finally {
    await sql.end();
  }
}

const count = (embedded: EmbeddedPostgres) =>
  query(embedded, async (sql) => (await sql<{ rows: number }[]>`select count(*)::int as rows from kept`)[0]?.rows);

/** The server's process, from its own pid file. */
async function serverPid(dataFolder: string): Promise<number> {
  return Number((await readFile(join(dataFolder, 'postgresql/data/postmaster.pid'), 'utf8')).split('\n')[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('it is a real, durable server on a socket that only its own user reaches; closing it leaves nothing running', async () => {
  const folder = await newFolder();
  const first = await open(folder);
  const settings = await query(first, async (sql) => {
    await sql`create table kept (id int)`;
    await sql`insert into kept select generate_series(1, 10)`;
    return sql<
      { name: string; setting: string }[]
    >`select name, setting from pg_settings where name in ('fsync', 'listen_addresses', 'synchronous_commit')`;
  });
  expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
    fsync: 'on',
    listen_addresses: '',
    synchronous_commit: 'on',
  });
  const pid = await serverPid(folder);
  await first.close();
  expect(isAlive(pid)).toBe(false);
  await expect(lstat(join(folder, 'collector.lock'))).rejects.toThrow('ENOENT');
  expect(await count(await open(folder))).toBe(10);
  expect((await stat(join(folder, 'postgresql/password'))).mode & 0o777).toBe(0o600);
});

test('without its password nobody gets in', async () => {
  const { connection } = await open(await newFolder());
  const sql = postgres({ ...connection, password: 'wrong', database: 'postgres', max: 1 });
  await expect(sql`select 1`).rejects.toMatchObject({ code: '28P01' });
  await sql.end();
});

test('a second owner is told who has the folder; a sharer gets in, and going leaves the server running', async () => {
  const folder = await newFolder();
  const owner = await open(folder);
  await query(owner, (sql) => sql`create table kept (id int)`);
  await expect(open(folder)).rejects.toMatchObject({
    code: 'storage/locked',
    message: expect.stringContaining(`process id ${process.pid}`),
  });
  const sharer = await open(folder, 'share');
  expect(await count(sharer)).toBe(0);
  await sharer.close();
  expect(await count(owner)).toBe(0);
});

test('when its process is killed outright the server ends, and the next start has what was committed', async () => {
  const folder = await newFolder();
  const script = `
    import { openEmbedded } from ${JSON.stringify(fileURLToPath(new URL('./embedded.ts', import.meta.url)))};
    import postgres from ${JSON.stringify(import.meta.resolve('postgres'))};
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const { connection } = await openEmbedded({ dataFolder: ${JSON.stringify(folder)}, use: 'own', log });
    const sql = postgres({ ...connection, database: 'postgres', max: 1 });
    await sql\`create table kept (id int)\`;
    await sql\`insert into kept values (1)\`;
    console.log('committed');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => {
    child.stdout.once('data', resolve);
  });
  const pid = await serverPid(folder);
  child.kill('SIGKILL');
  const again = await open(folder);
  expect(await serverPid(folder)).not.toBe(pid);
  expect(isAlive(pid)).toBe(false);
  expect(await count(again)).toBe(1);
});

test('what a crash left behind (a torn lock, a stale pid file) does not stand in the way', async () => {
  const folder = await newFolder();
  const first = await open(folder);
  await first.close();
  await writeFile(join(folder, 'collector.lock'), '{"pid":12');
  await writeFile(join(folder, 'postgresql/data/postmaster.pid'), '999999\n/nowhere\n');
  const again = await open(folder);
  expect(await query(again, (sql) => sql`select 1 as one`)).toMatchObject([{ one: 1 }]);
});

test('a lock that was left by an earlier process with the same number is taken over', async () => {
  const folder = await newFolder();
  const file = join(folder, 'lock');
  await writeFile(file, JSON.stringify({ pid: process.pid, started: 'another time' }));
  const lock = takeLock(file);
  expect(lock).toHaveProperty('release');
  expect(takeLock(file)).toEqual({ heldBy: process.pid });
});

// Only Linux tells by /proc that a process has ended already.
if (process.platform === 'linux')
  test('a killed process that nobody has buried yet holds no lock', async () => {
    const folder = await newFolder();
    const file = join(folder, 'lock');
    // The shell becomes a program that never asks after its child.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 20'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill());
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (data: Buffer) => resolve(Number(data.toString())));
    });
    const statOf = async () => {
      const text = await readFile(`/proc/${pid}/stat`, 'latin1');
      return text.slice(text.lastIndexOf(')') + 2).split(' ');
    };
    await writeFile(file, JSON.stringify({ pid, started: (await statOf())[19] }));
    await expect.poll(async () => (await statOf())[0]).toBe('Z');
    expect(takeLock(file)).toHaveProperty('release');
  });

test('a data folder that can not be made is named, with the setting it comes from', async () => {
  const file = join(await newFolder(), 'file');
  await writeFile(file, '');
  await expect(open(file)).rejects.toThrow(`TARSIER_DATA=${file}: expected a folder that can be written`);
});

// Only Linux has /proc, which says of each new folder that there is no such one.
if (process.platform === 'linux')
  test.each(['/proc', '/proc/tarsier/data'])(
    '%s is no data folder, which is said and not tried for ever',
    async (folder) => {
      await expect(open(folder)).rejects.toThrow(`TARSIER_DATA=${folder}: expected a folder that can be written`);
    },
  );

test('a data folder with a path too long for a socket works all the same', async () => {
  const folder = join(await newFolder(), 'a-folder-with-a-rather-long-name', 'and-another-one-below-it', 'data');
  await mkdir(folder, { recursive: true });
  const embedded = await open(folder);
  expect(embedded.connection.host.startsWith(tmpdir())).toBe(true);
  expect(await query(embedded, (sql) => sql`select 1 as one`)).toMatchObject([{ one: 1 }]);
});

test('programs that PostgreSQL’s user can not reach are copied once to where it can, and a broken copy is replaced', async () => {
  const outside = await newFolder();
  const closed = join(outside, 'closed');
  await mkdir(closed, { mode: 0o700 });
  await mkdir(join(closed, 'bin'));
  await writeFile(join(closed, 'bin', 'postgres'), '#!/bin/sh\n', { mode: 0o755 });
  const copy = join(outside, 'runtime', 'copy');
  const account = accountForPostgres();
  const expected = join(asRoot ? copy : closed, 'bin', 'postgres');
  expect((await binariesFor(account, closed, copy)).postgres).toBe(expected);
  expect(account === undefined || canRun(account, expected)).toBe(true);
  if (asRoot) await chmod(copy, 0o700);
  await binariesFor(account, closed, copy);
  expect(account === undefined || canRun(account, expected)).toBe(true);
});

test('in a folder that others may not enter it works as root too, with its files elsewhere behind a link', async () => {
  const outside = await newFolder();
  const closed = join(outside, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const data = join(closed, 'data');
  const runtime = join(outside, 'runtime');
  const embedded = await open(data, 'own', runtime);
  await query(embedded, (sql) => sql`create table kept (id int)`);
  // Anybody but root runs PostgreSQL as themselves, and needs no detour.
  expect((await lstat(join(data, 'postgresql'))).isSymbolicLink()).toBe(asRoot);
  expect((await realpath(join(data, 'postgresql'))).startsWith(runtime)).toBe(asRoot);
  await embedded.close();
  expect(await count(await open(data, 'own', runtime))).toBe(0);
});
