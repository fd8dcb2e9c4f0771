import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TarsierError } from '@tarsier/protocol';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import type postgres from 'postgres';
import { z } from 'zod';
import type { Log } from '../log.ts';
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

export interface LockPatience {
  /**
   * Longest wait for a table's lock, ms. What others ask of that table waits behind it, and so do the collectors that
   * serve.
   */
  readonly lockTimeoutMs: number;
  /** Between tries, ms: what waited goes on. */
  readonly pauseMs: number;
  readonly tries: number;
}

/** Under two minutes: most reads end in that time, and who starts a collector should hear of it. */
const defaultPatience: LockPatience = { lockTimeoutMs: 2_000, pauseMs: 3_000, tries: 20 };

/**
 * Brings the tables up to this code, one collector at a time. Tables that a newer one has only added to are left as
 * they are.
 *
 * @throws {TarsierError} `storage/newer` when a newer Tarsier has taken away or changed something; `storage/role` when
 *   tenants can't be kept apart in it; `storage/migration-lock` when others do not let go of a table, and nothing of
 *   what needed it is changed
 */
export async function migrateDatabase(
  connection: Connection,
  log: Log,
  patience: LockPatience = defaultPatience,
): Promise<void> {
  const sql = connectOnce(connection);
  try {
    await sql`select pg_advisory_lock(${migrationLock}::bigint)`;
    // After that lock: whoever has it may migrate for long.
    await sql`select set_config('lock_timeout', ${String(patience.lockTimeoutMs)}, false)`;
    await untilUnlocked(sql, log, patience, () => bringUp(sql));
  } finally {
    // Ends the session, and with it the lock.
    await sql.end({ timeout: 5 });
  }
}

async function bringUp(sql: postgres.Sql): Promise<void> {
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
}

/** @param work  is done again as a whole where a lock was waited for too long; what it has not committed is undone */
async function untilUnlocked(
  sql: postgres.Sql,
  log: Log,
  { pauseMs, tries }: LockPatience,
  work: () => Promise<void>,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (cause) {
      if (!isLockTimeout(cause)) throw cause;
      const { whose, end } = await oldestTransaction(sql);
      if (tried === tries) {
        throw new TarsierError(
          'storage/migration-lock',
          `a table can not be migrated while others use it, ${tries} tries in; the oldest open transaction is ${whose}. End it, ${end}, or wait for it; then start again`,
          { cause, retryable: true },
        );
      }
      if (tried === 1)
        log.warn('a table can not be migrated while others use it; trying again', { oldest: whose, tries });
      await sleep(pauseMs);
    }
  }
}

/** @returns it in words, and the statement that ends it */
async function oldestTransaction(sql: postgres.Sql): Promise<Record<'whose' | 'end', string>> {
  const [row] = await sql<{ pid: number; program: string; seconds: number }[]>`
    select pid, application_name as program, extract(epoch from clock_timestamp() - xact_start)::int as seconds
    from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
      and xact_start is not null
    order by xact_start limit 1`;
  // Those of other users are not shown to everybody.
  if (row === undefined)
    return { whose: 'not to be seen by this user', end: 'which pg_stat_activity shows to a superuser' };
  return {
    whose: `that of process ${row.pid} (${row.program}), open for ${row.seconds} s`,
    end: `SELECT pg_terminate_backend(${row.pid})`,
  };
}

/** Drizzle wraps errors of the database. */
function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && (('code' in error && error.code === '55P03') || isLockTimeout(error.cause));
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
