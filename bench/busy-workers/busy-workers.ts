/**
 * `pnpm bench busy-workers [ROUNDS] [SECONDS]`: what ingest takes while every worker computes. Idle and busy stretches
 * take turns in one run, so that both see the same neighbours on the machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { batchContentType } from '@tarsier/protocol';
import { z } from 'zod';
import { percentile } from '../../test/support/percentile.ts';
import { createHost } from '../fleet.ts';
import { openTarsier } from '../servers/tarsier.ts';

const [rounds = 4, seconds = 8] = process.argv.slice(3).map(Number);
const hostCount = 10;
const everyMs = 20;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const server = await openTarsier();
const admin = await server.key('admin');
const hosts = Array.from({ length: hostCount }, (_, index) => createHost(index, 200, Date.now(), { rows: 1 }));
const times: Record<'idle' | 'busy', number[]> = { idle: [], busy: [] };
let phase: keyof typeof times | undefined;
let running = true;

async function ingest(): Promise<void> {
  for (let turn = 0; running; turn++) {
    const host = hosts[turn % hostCount];
    if (host === undefined) return;
    const [began, during] = [performance.now(), phase];
    const response = await fetch(`${server.url}/v1/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.ingestKey}`, 'content-type': batchContentType },
      body: new Uint8Array(host.nextBatch(Date.now()).body),
    });
    if (response.status !== 204) throw new Error(`a batch was answered with ${response.status}`);
    if (during !== undefined && during === phase) times[during].push(performance.now() - began);
    await sleep(everyMs);
  }
}

const answered = z.object({ job: z.object({ id: z.string(), state: z.string() }) });

async function call(path: string, body?: unknown): Promise<z.infer<typeof answered>> {
  const response = await fetch(`${server.url}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
  });
  return answered.parse(await response.json());
}

/** A job that computes for as long as it is let; @returns what ends it */
async function occupy(): Promise<() => Promise<void>> {
  const { job } = await call('/v1/jobs', { type: 'diagnose', payload: { cpuMs: 600_000, memoryMb: 64 } });
  for (let state = job.state; state !== 'running'; await sleep(50))
    state = (await call(`/v1/jobs/${job.id}`)).job.state;
  return async () => {
    await call(`/v1/jobs/${job.id}/cancel`, {});
    for (let state = 'running'; state === 'running'; await sleep(50)) {
      state = (await call(`/v1/jobs/${job.id}`)).job.state;
    }
  };
}

const work = ingest();
try {
  await sleep(3_000);
  for (let round = 0; round < rounds; round++) {
    for (const now of ['idle', 'busy'] as const) {
      const free = now === 'busy' ? await occupy() : async () => {};
      await sleep(500);
      phase = now;
      await sleep(seconds * 1_000);
      phase = undefined;
      await free();
    }
  }
  say('| ingest while workers are | requests | p50 ms | p90 ms | p99 ms |');
  say('| --- | --- | --- | --- | --- |');
  for (const name of ['idle', 'busy'] as const) {
    const cells = [0.5, 0.9, 0.99].map((share) => percentile(times[name], share).toFixed(1));
    say(`| ${name} | ${times[name].length} | ${cells.join(' | ')} |`);
  }
  const ratios = [0.5, 0.9, 0.99].map((share) =>
    (percentile(times.busy, share) / percentile(times.idle, share)).toFixed(2),
  );
  say(`| busy over idle | | ${ratios.join(' | ')} |`);
} finally {
  running = false;
  await work.catch(() => {});
  await server.stop();
}
