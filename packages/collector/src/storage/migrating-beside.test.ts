/** Migrating tables that are being read. */
import postgres from 'postgres';
import { afterAll, expect, inject, test } from 'vitest';
import { silentLog } from '../log.ts';
import { migrateDatabase } from './migrate.ts';
import { createTestStorage, lockWaiters } from './testing.ts';

const { sql, url, drop } = await createTestStorage();
const connection = { ...inject('testServer'), database: new URL(url).pathname.slice(1) };
const reader = postgres({ ...connection, max: 1, onnotice() {} });
const observer = postgres({ ...connection, max: 1, onnotice() {} });
afterAll(async () => {
  await Promise.all([reader.end(), observer.end()]);
  await drop();
});

/** As before migration 26, which drops it. */
async function goBack(): Promise<void> {
  await sql`create index series_name on series using btree (tenant_id, name)`;
  await sql`
    delete from drizzle.__drizzle_migrations where created_at = (select max(created_at) from drizzle.__drizzle_migrations)`;
}
const isDropped = async (): Promise<boolean> =>
  (await observer`select 1 from pg_class where relname = 'series_name'`).length === 0;
/** All databases of the server are in `pg_locks`, and those of other tests have the same tables. */
const here = observer`database = (select oid from pg_database where datname = current_database())`;
const waitersForSeries = (): Promise<number> => lockWaiters(observer, 'series');

/** Holds `series` as a long read does. @returns what ends it */
async function openCursor(): Promise<() => Promise<void>> {
  const tx = await reader.reserve();
  await tx`begin`;
  await tx`declare long cursor for select * from series`;
  await tx`fetch 1 from long`;
  return async () => {
    await tx`commit`;
    tx.release();
  };
}

test('a migration that waits for a long read lets other reads by, and is done when it ends', async () => {
  await goBack();
  const close = await openCursor();
  const migrated = migrateDatabase(connection, silentLog, { lockTimeoutMs: 200, pauseMs: 10, tries: 10_000 });
  try {
    await expect.poll(waitersForSeries, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0);
    for (let reads = 0; reads < 5; reads++) expect(await sql`select count(*)::int as rows from series`).toHaveLength(1);
    expect(await isDropped()).toBe(false);
  } finally {
    await close();
  }
  await migrated;
  expect(await isDropped()).toBe(true);
});

test('a migration gives up behind a read that does not end, says whom to end, and leaves all as it was', async () => {
  await goBack();
  const bystander = await sql.reserve();
  await bystander`begin`;
  await bystander`select from tenant`;
  const close = await openCursor();
  try {
    const [held] = await observer<{ pid: number }[]>`
      select pid from pg_locks where granted and relation = 'series'::regclass and pid <> pg_backend_pid() and ${here}`;
    await expect(
      migrateDatabase(connection, silentLog, { lockTimeoutMs: 500, pauseMs: 10, tries: 2 }),
    ).rejects.toMatchObject({
      code: 'storage/migration-lock',
      message: expect.stringMatching(
        new RegExp(String.raw`series is held by process ${held?.pid} \(.*SELECT pg_terminate_backend\(${held?.pid}\),`),
      ),
    });
    expect(await isDropped()).toBe(false);
  } finally {
    await close();
    await bystander`commit`;
    bystander.release();
  }
  await migrateDatabase(connection, silentLog);
  expect(await isDropped()).toBe(true);
});

test('a migration that can not tell who holds what it needs tells nobody to be ended, and keeps what is done', async () => {
  await goBack();
  const other = await reader.reserve();
  try {
    // A row of the catalog, which is held by no lock on a table.
    await other`begin`;
    await other`grant select on tier to public`;
    const refusal = await migrateDatabase(connection, silentLog, { lockTimeoutMs: 200, pauseMs: 10, tries: 2 }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({
      code: 'storage/migration-lock',
      message: expect.stringContaining('who holds it was not seen'),
    });
    expect(String(refusal)).not.toContain('pg_terminate_backend');
    expect(await isDropped()).toBe(true);
  } finally {
    await other`rollback`;
    other.release();
  }
});

test('a migration whose connection is lost between two tries waits its turn again, and no longer than before', async () => {
  await goBack();
  const close = await openCursor();
  const lost: Promise<unknown>[] = [];
  const cut = {
    ...silentLog,
    warn: () =>
      void lost.push(
        observer`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and ${here}`.execute(),
      ),
  };
  const waitersInTurn = async (): Promise<number> =>
    (
      await observer`
        select from pg_locks waits where not granted and relation = 'series'::regclass and ${here}
          and exists (select from pg_locks where pid = waits.pid and locktype = 'advisory' and granted)`
    ).length;
  const refused = migrateDatabase(connection, cut, { lockTimeoutMs: 500, pauseMs: 1_000, tries: 3 }).catch(
    (error: unknown) => error,
  );
  try {
    await expect.poll(() => lost.length, { timeout: 20_000, interval: 5 }).toBe(1);
    expect(await lost[0]).toHaveLength(1);
    await expect.poll(waitersInTurn, { timeout: 20_000, interval: 5 }).toBe(1);
    expect(await refused).toMatchObject({ code: 'storage/migration-lock' });
  } finally {
    await close();
    await refused;
  }
});
