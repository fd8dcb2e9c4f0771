/** Migrating tables that are being read. */
import postgres from 'postgres';
import { afterAll, expect, inject, test } from 'vitest';
import { silentLog } from '../log.ts';
import { migrateDatabase } from './migrate.ts';
import { createTestStorage } from './testing.ts';

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
const waitersForSeries = async (): Promise<number> =>
  (await observer`select 1 from pg_locks where not granted and relation = 'series'::regclass`).length;

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
  const close = await openCursor();
  try {
    const [held] = await observer<{ pid: number }[]>`
      select pid from pg_locks where granted and relation = 'series'::regclass and pid <> pg_backend_pid()`;
    await expect(
      migrateDatabase(connection, silentLog, { lockTimeoutMs: 50, pauseMs: 10, tries: 3 }),
    ).rejects.toMatchObject({
      code: 'storage/migration-lock',
      message: expect.stringContaining(`pg_terminate_backend(${held?.pid})`),
    });
    expect(await isDropped()).toBe(false);
  } finally {
    await close();
  }
  await migrateDatabase(connection, silentLog);
  expect(await isDropped()).toBe(true);
});
