import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TarsierError } from '@tarsier/protocol';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import type postgres from 'postgres';
import { z } from 'zod';
import { connectOnce, type Connection } from './database.ts';
import { guardTables } from './row-security.ts';

const migrationsFolder = fileURLToPath(new URL('../../drizzle', import.meta.url));
/** Any number that no one else takes: drizzle's migrator locks nothing by itself. */
const migrationLock = 7_077_000_001;

/**
 * The newest migration of the oldest build that may run beside this one, and be gone back to. What comes after it only
 * adds, or drops indexes that are not unique (migrate.test.ts reads it), so that such a build finds all that it needs.
 * One that takes away or changes what was there moves this to itself.
 */
export const oldestBeside = '0025_collectors';

const journalSchema = z.object({ entries: z.array(z.object({ when: z.number(), tag: z.string() })) });

/**
 * Brings the tables up to this code, one collector at a time. Tables that a newer one has only added to are left as
 * they are.
 *
 * @throws {TarsierError} `storage/newer` when a newer Tarsier has taken away or changed something; `storage/role` when
 *   tenants can't be kept apart in it
 */
export async function migrateDatabase(connection: Connection): Promise<void> {
  const sql = connectOnce(connection);
  try {
    await sql`select pg_advisory_lock(${migrationLock}::bigint)`;
    const journal = journalSchema.parse(
      JSON.parse(await readFile(join(migrationsFolder, 'meta', '_journal.json'), 'utf8')),
    );
    const newestHere = Math.max(...journal.entries.map(({ when }) => when));
    const newestThere = await newestApplied(sql);
    if (newestThere > newestHere) {
      if (newestHere < (await oldestBesideThere(sql))) {
        throw new TarsierError(
          'storage/newer',
          `the database was migrated by a newer Tarsier (${new Date(newestThere).toISOString()}) than this one (${new Date(newestHere).toISOString()}), which can not go on with it; start that version`,
        );
      }
    } else {
      await migrate(drizzle(sql), { migrationsFolder });
      const oldest = journal.entries.find(({ tag }) => tag === oldestBeside)?.when ?? newestHere;
      // A comment takes no parameters; this is a number.
      await sql.unsafe(`comment on table drizzle.__drizzle_migrations is '${oldest}'`);
    }
    await guardTables(sql);
  } finally {
    // Ends the session, and with it the lock.
    await sql.end({ timeout: 5 });
  }
}

/** @returns Infinity where a build before this rule has migrated it */
async function oldestBesideThere(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<
    { oldest: string | null }[]
  >`select obj_description('drizzle.__drizzle_migrations'::regclass, 'pg_class') as oldest`;
  return Number(row?.oldest ?? Infinity);
}

async function newestApplied(sql: postgres.Sql): Promise<number> {
  const [table] = await sql<
    { exists: boolean }[]
  >`select to_regclass('drizzle.__drizzle_migrations') is not null as exists`;
  if (table?.exists !== true) return 0;
  const [row] = await sql<
    { newest: string | null }[]
  >`select max(created_at) as newest from drizzle.__drizzle_migrations`;
  return Number(row?.newest ?? 0);
}
