/** A collector with its embedded PostgreSQL, as `pnpm start` runs it: fsync on, detection and rules on every sample. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { z } from 'zod';
import { silentLog } from '../../packages/collector/src/log.ts';
import { nodeFlags as usualFlags } from '../../packages/collector/src/node-flags.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { treeUsage } from '../proc-cpu.ts';
import { bytesAtRest } from './bytes-at-rest.ts';
import { benchFolder, ended, serverCore, type BenchServer } from './server.ts';

const main = fileURLToPath(new URL('../../packages/collector/src/main.ts', import.meta.url));
const settleMs = 15 * 60_000;
const emptyBytes = 2 ** 20;
/** Of a core. */
const idleShare = 0.1;
const quietSeconds = 3;

export interface RunningTarsier {
  readonly url: string;
  readonly pid: number;
  readonly ingestKey: string;
  /** The link that signs the first user in, once. */
  readonly signIn: string;
  readonly dataFolder: string;
  /** As the owner of the tables. */
  readonly sql: postgres.Sql;
  /** Of the tenant that a first start makes. */
  key(scope: 'read' | 'write' | 'admin' | 'operator'): Promise<string>;
  stop(): Promise<void>;
}

/**
 * @param nodeFlags  of the collector, besides its usual ones: to profile it
 * @param folder  where data are already; else a new one
 */
export async function openTarsier({
  nodeFlags = [],
  folder = benchFolder(),
  environment = {},
}: {
  readonly nodeFlags?: readonly string[];
  readonly folder?: ReturnType<typeof benchFolder>;
  readonly environment?: Readonly<Record<string, string>>;
} = {}): Promise<RunningTarsier> {
  const collector = spawn(
    'taskset',
    [
      '-c',
      String(serverCore),
      process.execPath,
      ...usualFlags,
      ...nodeFlags,
      main,
      'serve',
      '--ready-json',
      '--until-stdin-ends',
    ],
    {
      env: {
        ...process.env,
        TARSIER_DATA: folder.path,
        TARSIER_LISTEN: '127.0.0.1:0',
        TARSIER_LOG: 'warn',
        ...environment,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: collector.stdout }).once('line', resolve);
  });
  const { ready } = z
    .object({ ready: z.object({ url: z.string(), signIn: z.string(), ingestKey: z.string() }) })
    .parse(JSON.parse(line));
  const embedded = await openEmbedded({ dataFolder: folder.path, use: 'share', log: silentLog });
  const sql = postgres({ ...embedded.connection, database: 'postgres', max: 1, onnotice() {} });
  return {
    ...ready,
    pid: collector.pid ?? 0,
    dataFolder: folder.path,
    sql,
    key: (scope) => makeKey(folder.path, scope),
    async stop() {
      await sql.end();
      await embedded.close();
      collector.stdin.end();
      await ended(collector);
      folder.remove();
    },
  };
}

export async function startTarsier(nodeFlags: readonly string[] = []): Promise<BenchServer> {
  const { url, pid, ingestKey, sql, key, stop } = await openTarsier({ nodeFlags });
  await startedUp(pid);
  return {
    name: 'Tarsier',
    pid,
    api: `${url}/prometheus`,
    headers: { authorization: `Bearer ${await key('read')}` },
    door: { kind: 'tarsier', url: `${url}/v1/ingest`, key: ingestKey },
    async settle() {
      for (const until = Date.now() + settleMs; Date.now() < until; await sleep(2000)) {
        const [left] = await sql`select 1 from batch union all select 1 from segment limit 1`;
        if (left === undefined) return;
      }
      throw new Error('compaction did not come to an end');
    },
    async bytes() {
      // What autovacuum does by itself within a minute or two. Where somebody looks at a table it is not cut off yet.
      for (let tries = 0; tries < 12; tries++) {
        await sql.unsafe('vacuum batch, segment');
        const [left] = await sql<{ bytes: number }[]>`
          select sum(pg_relation_size(inhrelid))::float8 as bytes from pg_inherits where inhparent = 'batch'::regclass`;
        if ((left?.bytes ?? 0) < emptyBytes) break;
        await sleep(5000);
      }
      return bytesAtRest(sql);
    },
    stop,
  };
}

/**
 * Its threads read their sources after it is ready: that takes some seconds of CPU, which an hour of samples would be
 * charged with, and a built collector does not have.
 */
async function startedUp(pid: number): Promise<void> {
  let before = treeUsage(pid).cpuSeconds;
  for (let quiet = 0, tries = 0; quiet < quietSeconds && tries < 120; tries++) {
    await sleep(1000);
    const now = treeUsage(pid).cpuSeconds;
    quiet = now - before < idleShare ? quiet + 1 : 0;
    before = now;
  }
}

async function makeKey(dataFolder: string, scope: string): Promise<string> {
  const command = spawn(process.execPath, [main, 'key', 'create', '--tenant', 'default', '--scope', scope], {
    env: { ...process.env, TARSIER_DATA: dataFolder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve) => {
    createInterface({ input: command.stdout }).once('line', resolve);
  });
}
