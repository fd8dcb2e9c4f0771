/**
 * `pnpm bench fairness [ROUNDS] [SECONDS]`: what a tenant notices of another one that floods the collector with 50 times
 * what it may. Quiet and flooded stretches take turns in one run, so that both see the same neighbours on the machine.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchContentType } from '@tarsier/protocol';
import { decodeLiveFrame } from '@tarsier/protocol/live';
import { z } from 'zod';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { storageOnDatabase } from '../../packages/collector/src/storage/storage.ts';
import { createHost } from '../fleet.ts';
import { treeCpu } from '../proc-cpu.ts';
import { benchFolder, loaderCore } from '../servers/server.ts';
import { openTarsier } from '../servers/tarsier.ts';

const [rounds = 4, seconds = 10] = process.argv.slice(3).map(Number);
const hostCount = 10;
const everyMs = 50;
/** Requests a second that the other one may make; it makes 50 times as many. */
const limit = 20;
const overdone = 50;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const folder = benchFolder();
const embedded = await openEmbedded({ dataFolder: folder.path, use: 'own', log: silentLog });
const storage = await storageOnDatabase({ ...embedded.connection, database: 'postgres' }, Date.now);
const flooder = await storage.tenants.ensure('flooder');
await storage.limits.set(flooder, { name: 'requests', key: '', value: limit });
const flooderKey = await storage.keys.create(flooder, { name: 'bench', scope: 'admin' });
await storage.close();
await embedded.close();
const server = await openTarsier({ folder });
const read = await server.key('read');

const kinds = ['ingest', 'query', 'live'] as const;
type Kind = (typeof kinds)[number];
type Times = Readonly<Record<Kind, number[]>>;
const empty = (): Times => ({ ingest: [], query: [], live: [] });
const times = { quiet: empty(), flooded: empty() };
let phase: keyof typeof times | undefined;
let running = true;

const note = (kind: Kind, during: typeof phase, began: number): void => {
  // What reaches from one stretch into the other is of neither.
  if (during !== undefined && during === phase) times[during][kind].push(performance.now() - began);
};

/** When the batch of that time was sent. */
const sentAt = new Map<number, { readonly at: number; readonly during: typeof phase }>();
const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/live`);
socket.binaryType = 'arraybuffer';
socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (!(data instanceof ArrayBuffer)) return;
  const time = decodeLiveFrame(new Uint8Array(data)).groups[0]?.times[0] ?? 0;
  const sent = sentAt.get(time);
  if (sent !== undefined) note('live', sent.during, sent.at);
});
await once(socket, 'open');
socket.send(JSON.stringify({ type: 'hello', token: read }));
socket.send(JSON.stringify({ type: 'sub', id: 1, selector: 'bench_2', windowMs: 1_000 }));

const hosts = Array.from({ length: hostCount }, (_, index) => createHost(index, 200, Date.now(), { rows: 1 }));

async function ingest(): Promise<void> {
  for (let turn = 0; running; turn++) {
    const host = hosts[turn % hostCount];
    const t0 = Date.now();
    if (host === undefined) return;
    const began = performance.now();
    const during = phase;
    sentAt.set(t0, { at: began, during });
    const response = await fetch(`${server.url}/v1/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.ingestKey}`, 'content-type': batchContentType },
      body: new Uint8Array(host.nextBatch(t0).body),
    });
    if (response.status !== 204) throw new Error(`a batch was answered with ${response.status}`);
    note('ingest', during, began);
    await sleep(everyMs);
  }
}

async function query(): Promise<void> {
  for (let turn = 0; running; turn++) {
    const asked = new URLSearchParams({
      query: `bench_2{host="${hosts[turn % hostCount]?.name ?? ''}"}`,
      start: String(Date.now() / 1_000 - 60),
      end: String(Date.now() / 1_000),
      step: '1',
    });
    const began = performance.now();
    const during = phase;
    const response = await fetch(`${server.url}/prometheus/api/v1/query_range?${asked}`, {
      headers: { authorization: `Bearer ${read}` },
    });
    await response.text();
    if (response.status !== 200) throw new Error(`a query was answered with ${response.status}`);
    note('query', during, began);
    await sleep(everyMs);
  }
}

const serverCpu = (): number => [...treeCpu(server.pid).values()].reduce((sum, one) => sum + one, 0);
const answersSchema = z.record(z.string(), z.number());
const flood = spawn(
  'taskset',
  [
    '-c',
    String(loaderCore),
    process.execPath,
    join(import.meta.dirname, 'flood.ts'),
    server.url,
    flooderKey,
    String(limit * overdone),
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
) as ChildProcess & {
  readonly stdin: NonNullable<ChildProcess['stdin']>;
  readonly stdout: NonNullable<ChildProcess['stdout']>;
};
const told = createInterface({ input: flood.stdout })[Symbol.asyncIterator]();

const work = [ingest(), query()];
const cpu = { quiet: 0, flooded: 0 };
const answers = new Map<string, number>();
try {
  await sleep(3_000);
  for (let round = 0; round < rounds; round++) {
    for (const now of ['quiet', 'flooded'] as const) {
      if (now === 'flooded') flood.stdin.write('begin\n');
      await sleep(500);
      phase = now;
      const before = serverCpu();
      await sleep(seconds * 1_000);
      phase = undefined;
      cpu[now] += serverCpu() - before;
      if (now === 'quiet') continue;
      flood.stdin.write('end\n');
      const { value } = await told.next();
      for (const [status, count] of Object.entries(answersSchema.parse(JSON.parse(String(value))))) {
        answers.set(status, (answers.get(status) ?? 0) + count);
      }
    }
  }
  const at = (all: readonly number[], share: number): number =>
    all.toSorted((a, b) => a - b)[Math.floor(share * (all.length - 1))] ?? Number.NaN;
  say(`${rounds} x ${seconds} s quiet and flooded; the other may make ${limit} requests a second\n`);
  say('| | quiet p50 ms | p99 ms | flooded p50 ms | p99 ms | p99 rises by |');
  say('| --- | --- | --- | --- | --- | --- |');
  for (const kind of kinds) {
    const [quiet, flooded] = [times.quiet[kind], times.flooded[kind]];
    const rise = at(flooded, 0.99) / at(quiet, 0.99) - 1;
    const cells = [at(quiet, 0.5), at(quiet, 0.99), at(flooded, 0.5), at(flooded, 0.99)].map((ms) => ms.toFixed(1));
    say(`| ${kind} | ${cells.join(' | ')} | ${(rise * 100).toFixed(0)} % |`);
  }
  const refused = answers.get('429') ?? 0;
  say(`\nthe other was answered: ${[...answers].map(([status, count]) => `${status} ${count} times`).join(', ')}`);
  say(`server CPU of a refusal: ${(((cpu.flooded - cpu.quiet) / Math.max(1, refused)) * 1e6).toFixed(0)} µs`);
} finally {
  running = false;
  await Promise.all(work);
  socket.close();
  flood.stdin.end();
  await server.stop();
}
