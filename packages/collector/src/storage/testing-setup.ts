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

/** One embedded PostgreSQL for the whole run, with a migrated template that each test file's database is made from. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'tarsier-test-'));
  // As root PostgreSQL runs as another user, who has to be able to enter.
  await chmod(dataFolder, 0o755);
  const embedded = await openEmbedded({ dataFolder, use: 'own', log: silentLog });
  const sql = postgres({ ...embedded.connection, database: 'postgres', max: 1, onnotice() {} });
  await sql.unsafe(`create database ${templateDatabase}`);
  await sql.end();
  await migrateDatabase({ ...embedded.connection, database: templateDatabase });
  project.provide('testServer', embedded.connection);
  return async () => {
    await embedded.close();
    await rm(dataFolder, { recursive: true, force: true });
  };
}
