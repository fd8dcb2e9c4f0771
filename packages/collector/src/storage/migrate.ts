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

const journalSchema = z.object({ entries: z.array(z.object({ when: z.number() })) });

/**
 * Brings the tables up to this code, one collector at a time.
 *
 * @throws {TarsierError} `storage/newer` when a newer Tarsier has been here; `storage/role` when tenants can't be kept
 *   apart in it
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
      throw new TarsierError(
        'storage/newer',
        `the database was migrated by a newer Tarsier (${new Date(newestThere).toISOString()}) than this one (${new Date(newestHere).toISOString()}); start that version`,
      );
    }
    await migrate(drizzle(sql), { migrationsFolder });
    await guardTables(sql);
  } finally {
    // Ends the session, and with it the lock.
    await sql.end({ timeout: 5 });
  }
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
