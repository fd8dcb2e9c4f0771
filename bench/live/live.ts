/**
 * `pnpm bench live [CLIENTS] [SECONDS]`: what it takes to push samples to many WebSocket clients of one collector, and
 * when they have them. 20 hosts of 200 series send a row each second; half of the clients share five selectors over
 * all hosts, each of the others has one of its own. Time is from the commit, as PostgreSQL notes it, until a client has
 * read the frame.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchContentType } from '@tarsier/protocol';
import postgres from 'postgres';
import { z } from 'zod';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { percentile } from '../../test/support/percentile.ts';
import { createHost } from '../fleet.ts';
import { treeCpu } from '../proc-cpu.ts';
import { benchFolder, loaderCore } from '../servers/server.ts';
import { openTarsier } from '../servers/tarsier.ts';

const [clients = 1_000, seconds = 30] = process.argv.slice(3).map(Number);
const hostCount = 20;
const width = 200;
const warmUpS = 5;
/** No batch is committed so long after another that was sent later. */
const lateMs = 5_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const folder = benchFolder();
// It counts from a start on which it is set at.
const setting = await openEmbedded({ dataFolder: folder.path, use: 'own', log: silentLog });
const setter = postgres({ ...setting.connection, database: 'postgres', max: 1, onnotice() {} });
await setter.unsafe('alter system set track_commit_timestamp = on');
await setter.end();
await setting.close();
const memoryFile = join(folder.path, 'bench-memory.json');
const server = await openTarsier({
  folder,
  nodeFlags: ['--expose-gc', '--import', join(import.meta.dirname, 'memory.ts')],
  environment: { TARSIER_BENCH_MEMORY: memoryFile },
});
const { sql, pid } = server;
const key = await server.key('read');

const hosts = Array.from({ length: hostCount }, (_, index) => createHost(index, width, Date.now(), { rows: 1 }));
let sending = true;
let batches = 0;

/** Each host once a second, one after the other. */
async function send(): Promise<void> {
  const began = Date.now();
  for (let round = 0; sending; round++) {
    for (const [index, host] of hosts.entries()) {
      const at = began + round * 1_000 + (index * 1_000) / hostCount;
      await sleep(Math.max(0, at - Date.now()));
      if (!sending) return;
      const response = await fetch(`${server.url}/v1/ingest`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.ingestKey}`, 'content-type': batchContentType },
        body: new Uint8Array(host.nextBatch(at).body),
      });
      if (response.status !== 204) throw new Error(`a batch was answered with ${response.status}`);
      batches++;
    }
  }
}

/**
 * Notes commits, by the time of the batch's row: of no two the same. Unix ms. Only those that are new: PostgreSQL has the
 * server's core, and to tell of all of them each second would hold up what is measured.
 */
async function noteCommits(): Promise<void> {
  const rows = await sql<{ t0: string; at: number }[]>`
    select t0::text, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 as at from batch
    where t0 > ${Math.max(0, ...committed.keys()) - lateMs}`;
  for (const { t0, at } of rows) committed.set(Number(t0), at);
}

function serverCpu(): { readonly node: number; readonly all: number } {
  const tree = treeCpu(pid);
  return { node: tree.get(pid) ?? 0, all: [...tree.values()].reduce((sum, one) => sum + one, 0) };
}

/** Of the collector, after it has collected its garbage: bytes resident, and held by objects and buffers. */
async function memory(): Promise<{ readonly rss: number; readonly held: number }> {
  rmSync(memoryFile, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (;;) {
    await sleep(200);
    const text = existsSync(memoryFile) ? readFileSync(memoryFile, 'utf8') : '';
    if (text.endsWith('}')) return z.object({ rss: z.number(), held: z.number() }).parse(JSON.parse(text));
  }
}

const committed = new Map<number, number>();
const sent = send();
try {
  await sleep(warmUpS * 1_000);
  const before = await memory();
  const viewers = spawn(
    'taskset',
    [
      '-c',
      String(loaderCore),
      process.execPath,
      join(import.meta.dirname, 'clients.ts'),
      server.url,
      key,
      String(clients),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: viewers.stdout })[Symbol.asyncIterator]();
  await lines.next();
  // What sends is not what is measured: it leaves the server its core, and the clients theirs when they want it.
  execFileSync('taskset', ['-a', '-p', '-c', String(loaderCore), String(process.pid)], { stdio: 'ignore' });
  setPriority(10);
  await sleep(warmUpS * 1_000);
  const [cpuBefore, batchesBefore, began] = [serverCpu(), batches, Date.now()];
  viewers.stdin.write('begin\n');
  for (let second = 0; second < seconds; second++) {
    await sleep(1_000);
    await noteCommits();
  }
  const [cpuAfter, batchesAfter, ended] = [serverCpu(), batches, Date.now()];
  const after = await memory();
  viewers.stdin.write('end\n');
  await noteCommits();
  const { value } = await lines.next();
  const { pushes, bytes, received } = z
    .object({ pushes: z.number(), bytes: z.number(), received: z.array(z.tuple([z.number(), z.array(z.number())])) })
    .parse(JSON.parse(String(value)));
  viewers.stdin.end();
  if (viewers.exitCode === null) await once(viewers, 'exit');

  const latencies = received.flatMap(([t0, times]) => {
    const commit = committed.get(t0);
    return commit === undefined ? [] : times.map((time) => time - commit);
  });
  const at = (share: number): string => percentile(latencies, share).toFixed(1);
  const elapsedS = (ended - began) / 1_000;
  const node = cpuAfter.node - cpuBefore.node;
  say(`${clients} clients, ${hostCount} hosts of ${width} series at 1 s, ${elapsedS.toFixed(0)} s`);
  say(
    `  pushes: ${(pushes / elapsedS).toFixed(0)}/s, ${(bytes / pushes).toFixed(0)} bytes each; ${((batchesAfter - batchesBefore) / elapsedS).toFixed(1)} batches/s`,
  );
  say(
    `  ms from commit to client: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, most ${at(1)} (${latencies.length} pushes)`,
  );
  say(
    `  CPU: ${((node / elapsedS) * 100).toFixed(1)} % of a core in Node, ${(((cpuAfter.all - cpuBefore.all - node) / elapsedS) * 100).toFixed(1)} % in what it started; ${((node / pushes) * 1e6).toFixed(1)} µs of Node a push, ingest and detection included`,
  );
  const kib = (bytes: number): string => (bytes / clients / 1_024).toFixed(0);
  say(
    `  memory a client: ${kib(after.held - before.held)} KiB held by objects and buffers, ${kib(after.rss - before.rss)} KiB resident (${(before.rss / 2 ** 20).toFixed(0)} MiB before, ${(after.rss / 2 ** 20).toFixed(0)} MiB with them)`,
  );
} finally {
  sending = false;
  await sent;
  await server.stop();
}
