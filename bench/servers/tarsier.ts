/** A collector with its embedded PostgreSQL, as `pnpm start` runs it: fsync on, detection and rules on every sample. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { z } from 'zod';
import { silentLog } from '../../packages/collector/src/log.ts';
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

/** @param nodeFlags  of the collector: to profile it */
export async function startTarsier(nodeFlags: readonly string[] = []): Promise<BenchServer> {
  const folder = benchFolder();
  const collector = spawn(
    'taskset',
    ['-c', String(serverCore), process.execPath, ...nodeFlags, main, 'serve', '--ready-json', '--until-stdin-ends'],
    {
      env: { ...process.env, TARSIER_DATA: folder.path, TARSIER_LISTEN: '127.0.0.1:0', TARSIER_LOG: 'warn' },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: collector.stdout }).once('line', resolve);
  });
  const { ready } = z.object({ ready: z.object({ url: z.string(), ingestKey: z.string() }) }).parse(JSON.parse(line));
  const embedded = await openEmbedded({ dataFolder: folder.path, use: 'share', log: silentLog });
  const sql = postgres({ ...embedded.connection, database: 'postgres', max: 1, onnotice() {} });
  const key = await makeReadKey(folder.path);
  await startedUp(collector.pid ?? 0);
  return {
    name: 'Tarsier',
    pid: collector.pid ?? 0,
    api: `${ready.url}/prometheus`,
    headers: { authorization: `Bearer ${key}` },
    door: { kind: 'tarsier', url: `${ready.url}/v1/ingest`, key: ready.ingestKey },
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
    async stop() {
      await sql.end();
      await embedded.close();
      collector.stdin.end();
      await ended(collector);
      folder.remove();
    },
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

async function makeReadKey(dataFolder: string): Promise<string> {
  const command = spawn(process.execPath, [main, 'key', 'create', '--tenant', 'default', '--scope', 'read'], {
    env: { ...process.env, TARSIER_DATA: dataFolder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve) => {
    createInterface({ input: command.stdout }).once('line', resolve);
  });
}
