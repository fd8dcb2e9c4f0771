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

/**
 * Under two minutes: most reads end in that time, and who starts a collector should hear of it. Of several that start at
 * once each has as long, after the ones before it.
 */
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
  const observer = connectOnce(connection);
  try {
    await untilUnlocked(sql, observer, log, patience);
  } finally {
    // Ends the session, and with it the lock.
    await Promise.all([sql.end({ timeout: 5 }), observer.end({ timeout: 5 })]);
  }
}

/** @returns the session's process */
async function takeTurn(sql: postgres.Sql, lockTimeoutMs: number): Promise<number> {
  const [session] = await sql<[{ pid: number }]>`
    select pg_advisory_lock(${migrationLock}::bigint), pg_backend_pid() as pid`;
  // After that lock: whoever has it may migrate for long.
  await sql`select set_config('lock_timeout', ${String(lockTimeoutMs)}, false)`;
  return session.pid;
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

/** All is done again where a lock was waited for too long; what was not committed is undone. */
async function untilUnlocked(
  sql: postgres.Sql,
  observer: postgres.Sql,
  log: Log,
  { lockTimeoutMs, pauseMs, tries }: LockPatience,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    // Each time: a connection that was lost in the pause is a new session, which has neither.
    const pid = await takeTurn(sql, lockTimeoutMs);
    const watch = watchHolders(observer, pid, lockTimeoutMs / 20, log);
    try {
      return await bringUp(sql);
    } catch (cause) {
      if (!isLockTimeout(cause)) throw cause;
      const { whose, end } = inWords(watch.lastSeen());
      if (tried === tries) {
        throw new TarsierError(
          'storage/migration-lock',
          `a table can not be migrated while others use it, ${tries} tries in; ${whose}. ${end}, or wait for it; then start again`,
          { cause, retryable: true },
        );
      }
      if (tried === 1) log.warn('a table can not be migrated while others use it; trying again', { whose, tries });
    } finally {
      watch.end();
    }
    await sleep(pauseMs);
  }
}

interface Holder {
  readonly pid: number;
  readonly table: string;
  readonly program: string;
  /** How long its transaction is open; null where it is another user's, which is not shown to everybody. */
  readonly seconds: number | null;
}

/**
 * Looks who holds the table that a session waits for, while it waits: afterwards nobody can tell.
 *
 * @returns `lastSeen` is empty where it was not seen
 */
function watchHolders(
  observer: postgres.Sql,
  waiter: number,
  everyMs: number,
  log: Log,
): { lastSeen(): readonly Holder[]; end(): void } {
  const ended = new AbortController();
  let holders: readonly Holder[] = [];
  async function look(): Promise<never> {
    for (;;) {
      await sleep(everyMs, undefined, { signal: ended.signal });
      const seen = await holdersOf(observer, waiter);
      if (seen !== undefined) holders = seen;
    }
  }
  look().catch((error: unknown) => {
    if (!ended.signal.aborted)
      log.warn('who holds the tables to be migrated can not be seen', { error: String(error) });
  });
  return { lastSeen: () => holders, end: () => ended.abort() };
}

/**
 * Locks and their processes are shown to every user. Who stands before it in the queue, and holds nothing, is left out.
 *
 * @returns undefined while it does not wait
 */
async function holdersOf(observer: postgres.Sql, waiter: number): Promise<readonly Holder[] | undefined> {
  const rows = await observer<(Holder | { pid: null })[]>`
    select distinct holds.pid, waits.relation::regclass::text as "table", a.application_name as program,
      extract(epoch from clock_timestamp() - a.xact_start)::int as seconds
    from pg_locks waits
    left join (pg_locks holds join pg_stat_activity a on a.pid = holds.pid)
      on waits.locktype = 'relation' and holds.locktype = 'relation' and holds.granted
      and holds.database = waits.database and holds.relation = waits.relation
      and holds.pid = any (pg_blocking_pids(waits.pid))
      and not exists (select from pg_locks q where q.pid = holds.pid and q.locktype = 'advisory' and not q.granted)
    where waits.pid = ${waiter} and not waits.granted`;
  return rows.length === 0 ? undefined : rows.filter((row) => row.pid !== null);
}

/** @returns them in words, and what ends them: no statement where that might end somebody else */
function inWords(holders: readonly Holder[]): Record<'whose' | 'end', string> {
  const [first] = holders;
  if (first === undefined)
    return { whose: 'who holds it was not seen', end: 'End the transaction that does, which pg_locks tells' };
  const each = holders.map(
    ({ pid, program, seconds }) =>
      `process ${pid} (${program}${seconds === null ? '' : `, in a transaction for ${seconds} s`})`,
  );
  return {
    whose: `${first.table} is held by ${each.join(' and ')}`,
    end: `End that, SELECT ${holders.map(({ pid }) => `pg_terminate_backend(${pid})`).join(', ')}`,
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
