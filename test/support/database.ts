/**
 * Where a collector under test has its data: in the PostgreSQL embedded in its data folder, or in a database of its own
 * on the server of `TARSIER_TEST_DATABASE_URL`.
 */
import { createHash } from 'node:crypto';
import postgres from 'postgres';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded, type EmbeddedPostgres } from '../../packages/collector/src/storage/embedded/embedded.ts';

const server = process.env['TARSIER_TEST_DATABASE_URL'];
/** By data folder. */
const made = new Map<string, string>();

function nameOf(dataFolder: string): string {
  return `e2e_${createHash('sha256').update(dataFolder).digest('hex').slice(0, 12)}`;
}

/** What a collector, or its commands, are started with beside `TARSIER_DATA`. */
export function databaseEnvironment(dataFolder: string): Readonly<Record<string, string>> {
  if (server === undefined) return {};
  const url = new URL(server);
  url.pathname = `/${nameOf(dataFolder)}`;
  return { DATABASE_URL: url.href };
}

/** The same for the `postgres` database of an embedded server: a URL can not name a socket, the driver's own variables can. */
export function embeddedEnvironment({
  host,
  port,
  user,
  password,
}: EmbeddedPostgres['connection']): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: 'postgres:///postgres',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
  };
}

/** Makes the database that {@link databaseEnvironment} names, once. */
export async function ensureDatabase(dataFolder: string): Promise<void> {
  if (server === undefined || made.has(dataFolder)) return;
  const name = nameOf(dataFolder);
  made.set(dataFolder, name);
  await asAdmin(server, (sql) => sql.unsafe(`create database ${name}`));
}

/** Drops those of the data folders below a folder. */
export async function dropDatabases(folder: string): Promise<void> {
  for (const [dataFolder, name] of made) {
    if (server === undefined || !dataFolder.startsWith(folder)) continue;
    made.delete(dataFolder);
    await asAdmin(server, (sql) => sql.unsafe(`drop database if exists ${name} with (force)`));
  }
}

/** Statements of the test's own, as the owner of the tables. */
export async function withDatabase<T>(dataFolder: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const { DATABASE_URL: url } = databaseEnvironment(dataFolder);
  if (url !== undefined) return using(postgres(url, { max: 1, onnotice() {} }), work);
  const embedded = await openEmbedded({ dataFolder, use: 'share', log: silentLog });
  try {
    return await using(postgres({ ...embedded.connection, database: 'postgres', max: 1, onnotice() {} }), work);
  } finally {
    await embedded.close();
  }
}

async function asAdmin(url: string, work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  await using(postgres(url, { max: 1, onnotice() {} }), work);
}

async function using<T>(sql: postgres.Sql, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
