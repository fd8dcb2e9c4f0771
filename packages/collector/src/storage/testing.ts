import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';
import type { Log } from '../log.ts';
import { storageOnDatabase, type Storage } from './storage.ts';
import { templateDatabase } from './testing-setup.ts';
import { urlOf } from './testing-url.ts';

export interface TestStorage {
  readonly storage: Storage;
  /** Statements of the test's own, for what no room offers. */
  readonly sql: postgres.Sql;
  /** Another collector's storage on the same database; the caller closes it. */
  another(log?: Log): Promise<Storage>;
  /** A URL for what takes one. */
  readonly url: string;
  /** Closes it and removes its database. */
  drop(): Promise<void>;
}

/**
 * A storage on a fresh, migrated database in the run's real PostgreSQL.
 *
 * @param onStatement  is told each statement that the storage sends
 */
export async function createTestStorage(
  now: () => number = Date.now,
  onStatement?: (statement: string) => void,
): Promise<TestStorage> {
  const server = inject('testServer');
  const database = `test_${randomBytes(6).toString('hex')}`;
  const admin = postgres({ ...server, database: 'postgres', max: 1, onnotice() {} });
  await admin.unsafe(`create database ${database} template ${templateDatabase}`);
  const debug = (_: number, statement: string): void => onStatement?.(statement);
  const storage = await storageOnDatabase({ ...server, database, ...(onStatement && { debug }) }, now);
  const sql = postgres({ ...server, database, max: 1, onnotice() {} });
  return {
    storage,
    sql,
    another: (log) => storageOnDatabase({ ...server, database }, now, undefined, log),
    url: urlOf(server, database),
    async drop() {
      await storage.close();
      await sql.end();
      await admin.unsafe(`drop database ${database} with (force)`);
      await admin.end();
    },
  };
}

/** How many wait for a table's lock. The server's other databases, in `pg_locks` as well, have the same tables. */
export async function lockWaiters(sql: postgres.Sql | postgres.TransactionSql, table: string): Promise<number> {
  const rows = await sql`
    select from pg_locks where not granted and relation = ${table}::regclass
      and database = (select oid from pg_database where datname = current_database())`;
  return rows.length;
}
