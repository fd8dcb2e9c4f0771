/**
 * What a committed sample costs the server: 100 hosts x 200 series at 1 s in batches of 10 s, on the embedded
 * PostgreSQL with fsync on, every sample through the z-score detector and the rules. Server on one core, loader on
 * the other; an hour of samples is sent as fast as it is answered. CPU of Node and PostgreSQL together.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { z } from 'zod';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { treeCpu } from '../proc-cpu.ts';

const hosts = 100;
const width = 200;
const warmupRounds = 20;
const rounds = 120;

const root = fileURLToPath(new URL('../../', import.meta.url));
const data = mkdtempSync(join(tmpdir(), 'tarsier-bench-'));
chmodSync(data, 0o755);
const pinned = (core: number, args: readonly string[]): string[] => ['-c', String(core), process.execPath, ...args];

const collector = spawn(
  'taskset',
  pinned(0, [join(root, 'packages/collector/src/main.ts'), 'serve', '--ready-json', '--until-stdin-ends']),
  {
    env: { ...process.env, TARSIER_DATA: data, TARSIER_LISTEN: '127.0.0.1:0', TARSIER_LOG: 'warn' },
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
const line = await new Promise<string>((resolve) => {
  createInterface({ input: collector.stdout }).once('line', resolve);
});
const { ready } = z.object({ ready: z.object({ url: z.string(), ingestKey: z.string() }) }).parse(JSON.parse(line));

function load(count: number, startMs: number): { samples: number; bytes: number } {
  const script = join(root, 'bench/ingest/loader.ts');
  const args = [script, ready.url, ready.ingestKey, String(hosts), String(width), String(count), String(startMs)];
  const output = execFileSync('taskset', pinned(1, args), { encoding: 'utf8' });
  return z.object({ samples: z.number(), bytes: z.number() }).parse(JSON.parse(output));
}

try {
  const pid = collector.pid ?? 0;
  const end = Math.floor(Date.now() / 10_000) * 10_000;
  const begin = end - (warmupRounds + rounds) * 10_000;
  load(warmupRounds, begin);
  const before = treeCpu(pid);
  const began = performance.now();
  const { samples, bytes } = load(rounds, begin + warmupRounds * 10_000);
  const elapsedS = (performance.now() - began) / 1000;
  const after = treeCpu(pid);

  const seconds = (of: (process: number) => boolean): number => {
    let sum = 0;
    for (const [process, cpu] of after) if (of(process)) sum += cpu - (before.get(process) ?? 0);
    return sum;
  };
  const node = seconds((process) => process === pid);
  const database = seconds((process) => process !== pid);
  const disk = await tableBytes();
  const million = samples / 1e6;
  process.stdout.write(
    [
      `${hosts} hosts x ${width} series at 1 s in 10 s batches: ${million.toFixed(1)} million samples in ${elapsedS.toFixed(1)} s`,
      `server CPU: ${(node + database).toFixed(2)} s (Node ${node.toFixed(2)}, PostgreSQL ${database.toFixed(2)})`,
      `million samples per server CPU-second: ${(million / (node + database)).toFixed(2)}`,
      `CPU seconds per million samples: ${((node + database) / million).toFixed(3)}`,
      `bytes per sample: ${(bytes / samples).toFixed(2)} on the wire, ${(disk / (hosts * width * 10 * (warmupRounds + rounds))).toFixed(2)} in PostgreSQL, index included`,
      '',
    ].join('\n'),
  );
} finally {
  collector.stdin.end();
  await new Promise((resolve) => {
    collector.once('exit', resolve);
  });
  rmSync(data, { recursive: true, force: true });
}

async function tableBytes(): Promise<number> {
  const embedded = await openEmbedded({ dataFolder: data, use: 'share', log: silentLog });
  const sql = postgres({ ...embedded.connection, database: 'postgres', max: 1 });
  const [row] = await sql<{ bytes: string }[]>`
    select sum(pg_total_relation_size(inhrelid)) as bytes from pg_inherits where inhparent = 'batch'::regclass`;
  await sql.end();
  await embedded.close();
  return Number(row?.bytes ?? 0);
}
