/**
 * `pnpm bench fairness [ROUNDS] [SECONDS] [SOCKETS]`: what a tenant notices of another one that floods the collector with 50 times
 * what it may. Stretches in which the other is quiet, asks what it may, and floods take turns in one run, so that all see
 * the same neighbours on the machine. The server has a core of its own; this program the other, which it shares with
 * the flood: that one runs only while this one does not want to, or its answers would come late by what it waits for.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchContentType } from '@tarsier/protocol';
import { decodeLiveFrame } from '@tarsier/protocol/live';
import { z } from 'zod';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { storageOnDatabase } from '../../packages/collector/src/storage/storage.ts';
import { percentile } from '../../test/support/percentile.ts';
import { createHost } from '../fleet.ts';
import { treeCpu } from '../proc-cpu.ts';
import { benchFolder, loaderCore } from '../servers/server.ts';
import { openTarsier } from '../servers/tarsier.ts';

const [rounds = 4, seconds = 10, sockets = 4_000] = process.argv.slice(3).map(Number);
const hostCount = 10;
const everyMs = 50;
/** Requests a second that the other one may make; it makes 50 times as many. */
const limit = 20;
const overdone = 50;
/** Before it counts, with the other one asking what it may: what runs for the first time is slow. */
const warmUpMs = 20_000;
/** Who floods begins with the ten seconds' worth that it may have at once, and what comes of them: a stretch of its own. */
const burstMs = 12_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

execFileSync('taskset', ['-a', '-p', '-c', String(loaderCore), String(process.pid)], { stdio: 'ignore' });
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
const phases = ['quiet', 'allowed', 'burst', 'flooded'] as const;
type Phase = (typeof phases)[number];
const perPhase = <Value>(make: () => Value): Readonly<Record<Phase, Value>> => ({
  quiet: make(),
  allowed: make(),
  burst: make(),
  flooded: make(),
});
const times = perPhase<Times>(() => ({ ingest: [], query: [], live: [] }));
/** How late this program itself was. */
const delays = perPhase(() => monitorEventLoopDelay({ resolution: 2 }));
let phase: Phase | undefined;
let running = true;

const note = (kind: Kind, during: Phase | undefined, began: number): void => {
  // What reaches from one stretch into the other is of neither.
  if (during !== undefined && during === phase) times[during][kind].push(performance.now() - began);
};

/** When the batch of that time was sent. */
const sentAt = new Map<number, { readonly at: number; readonly during: Phase | undefined }>();
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
    ...['-c', String(loaderCore), 'nice', '-n', '19'],
    ...[process.execPath, join(import.meta.dirname, 'flood.ts'), server.url, flooderKey, String(sockets)],
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
) as ChildProcess & {
  readonly stdin: NonNullable<ChildProcess['stdin']>;
  readonly stdout: NonNullable<ChildProcess['stdout']>;
};
const told = createInterface({ input: flood.stdout })[Symbol.asyncIterator]();

const work = [ingest(), query()];
const cpu = perPhase(() => ({ seconds: 0, of: 0 }));
const answers = { allowed: new Map<string, number>(), flooded: new Map<string, number>() };

async function stretch(now: Phase, ms: number): Promise<void> {
  phase = now;
  const [before, began] = [serverCpu(), performance.now()];
  delays[now].enable();
  await sleep(ms);
  delays[now].disable();
  phase = undefined;
  cpu[now].seconds += serverCpu() - before;
  cpu[now].of += (performance.now() - began) / 1_000;
}

async function endOf(kind: keyof typeof answers): Promise<void> {
  flood.stdin.write('end\n');
  const { value } = await told.next();
  for (const [status, count] of Object.entries(answersSchema.parse(JSON.parse(String(value))))) {
    answers[kind].set(status, (answers[kind].get(status) ?? 0) + count);
  }
}

try {
  flood.stdin.write(`${limit}\n`);
  await sleep(warmUpMs);
  flood.stdin.write('end\n');
  await told.next();
  for (let round = 0; round < rounds; round++) {
    await sleep(500);
    await stretch('quiet', seconds * 1_000);
    flood.stdin.write(`${limit}\n`);
    await sleep(500);
    await stretch('allowed', seconds * 1_000);
    await endOf('allowed');
    flood.stdin.write(`${limit * overdone}\n`);
    await stretch('burst', burstMs);
    await stretch('flooded', seconds * 1_000);
    await endOf('flooded');
  }
  say(`requests of each kind: ${phases.map((of) => `${of} ${times[of].ingest.length}`).join(', ')}\n`);
  const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(0)} %`;
  say(
    `${rounds} x ${seconds} s each; the other may make ${limit} requests a second, and asks ${overdone} times as often, over ${sockets} connections\n`,
  );
  say('| p50 / p99 ms | quiet | the other as it may | as it begins | flooded | p99 above quiet | above as it may |');
  say('| --- | --- | --- | --- | --- | --- | --- |');
  for (const kind of kinds) {
    const cells = phases.map((of) =>
      [0.5, 0.99].map((share) => percentile(times[of][kind], share).toFixed(1)).join(' / '),
    );
    const flooded = percentile(times.flooded[kind], 0.99);
    const rises = (['quiet', 'allowed'] as const).map((of) => percent(flooded / percentile(times[of][kind], 0.99)));
    say(`| ${[kind, ...cells, ...rises].join(' | ')} |`);
  }
  say(
    `| this program late by | ${phases.map((of) => [50, 99].map((share) => ((delays[of].percentile(share) - 2e6) / 1e6).toFixed(1)).join(' / ')).join(' | ')} | | |`,
  );
  for (const [of, counts] of Object.entries(answers)) {
    say(
      `\n${of}: the other was answered ${[...counts].map(([status, count]) => `${status} ${count} times`).join(', ')}`,
    );
  }
  const share = (of: Phase): number => cpu[of].seconds / cpu[of].of;
  say(`\nserver CPU, of a core: ${phases.map((of) => `${of} ${(share(of) * 100).toFixed(1)} %`).join(', ')}`);
  const refused = (answers.flooded.get('429') ?? 0) / (rounds * (seconds + burstMs / 1_000));
  say(
    `${refused.toFixed(0)} refusals a second, server CPU of one: ${(((share('flooded') - share('allowed')) / refused) * 1e6).toFixed(0)} µs`,
  );
} finally {
  running = false;
  await Promise.all(work);
  socket.close();
  flood.stdin.end();
  await server.stop();
}
