import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import { silentLog } from '../log.ts';
import { openEmbedded } from './embedded/embedded.ts';
import { migrateDatabase } from './migrate.ts';

/** How to reach the server of the test run. */
export interface TestServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export const templateDatabase = 'tarsier_template';

declare module 'vitest' {
  interface ProvidedContext {
    readonly testServer: TestServer;
  }
}

/**
 * One PostgreSQL for the whole run, with a migrated template that each test file's database is made from: the embedded
 * one, or that of `TARSIER_TEST_DATABASE_URL`, whose user may create databases.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const own = process.env['TARSIER_TEST_DATABASE_URL'];
  const { server, stop } = own === undefined ? await startEmbedded() : { server: serverOf(new URL(own)), stop() {} };
  const sql = postgres({ ...server, database: 'postgres', max: 1, onnotice() {} });
  // One's own may have that of a run that was ended before its time.
  await sql.unsafe(`drop database if exists ${templateDatabase}`);
  await sql.unsafe(`create database ${templateDatabase}`);
  await migrateDatabase({ ...server, database: templateDatabase }, silentLog);
  project.provide('testServer', server);
  return async () => {
    await sql.unsafe(`drop database ${templateDatabase}`);
    await sql.end();
    await stop();
  };
}

async function startEmbedded(): Promise<{ readonly server: TestServer; stop(): Promise<void> }> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'tarsier-test-'));
  // As root PostgreSQL runs as another user, who has to be able to enter.
  await chmod(dataFolder, 0o755);
  const embedded = await openEmbedded({ dataFolder, use: 'own', log: silentLog });
  return {
    server: embedded.connection,
    async stop() {
      await embedded.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

function serverOf({ hostname, port, username, password, searchParams }: URL): TestServer {
  return {
    host: searchParams.get('host') ?? hostname,
    port: port === '' ? 5432 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}
