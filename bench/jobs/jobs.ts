/**
 * `pnpm bench jobs [JOBS] [QUEUE]`: how fast jobs are submitted, run and begun, beside pg-boss and graphile-worker on
 * the same PostgreSQL, each with empty tables, and with a million finished and 100,000 waiting jobs in them.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { urlOf } from '../../packages/collector/src/storage/testing-url.ts';
import { percentile } from '../../test/support/percentile.ts';
import { treeCpu } from '../proc-cpu.ts';
import { createFloor } from './floor.ts';
import { graphileQueue, installPeers, pgBossQueue } from './peers.ts';
import type { MeasuredQueue } from './queue.ts';
import { tarsierQueue } from './tarsier.ts';

const [count = '50000', only] = process.argv.slice(3);
const jobs = Number(count);
const singles = 200;
/** Not counted: until connections, statements and code have been used. */
const warmUps = 20;
const ballasts = [
  [0, 0],
  [1_000_000, 100_000],
] as const;

const folder = mkdtempSync(join(tmpdir(), 'tarsier-bench-'));
chmodSync(folder, 0o755);
const embedded = await openEmbedded({ dataFolder: join(folder, 'data'), use: 'own', log: silentLog });
const admin = postgres({ ...embedded.connection, database: 'postgres', max: 1, onnotice() {} });

async function database(name: string) {
  await admin.unsafe(`drop database if exists ${name} with (force)`);
  await admin.unsafe(`create database ${name}`);
  const connection = { ...embedded.connection, database: name };
  return { connection, url: urlOf(embedded.connection, name), sql: postgres({ ...connection, max: 2, onnotice() {} }) };
}

/** CPU of this process, and of the database. */
function cpu(): { readonly worker: number; readonly server: number } {
  let [worker, server] = [0, 0];
  for (const [pid, seconds] of treeCpu(process.pid)) {
    if (pid === process.pid) worker += seconds;
    else server += seconds;
  }
  return { worker, server };
}

async function timed(what: () => Promise<void>) {
  const [before, began] = [cpu(), performance.now()];
  await what();
  const seconds = (performance.now() - began) / 1_000;
  const after = cpu();
  const per = (used: number): string => `${((used / jobs) * 1e6).toFixed(0)} us`;
  return {
    rate: `${Math.round(jobs / seconds)}/s`,
    cpu: `${per(after.server - before.server)} + ${per(after.worker - before.worker)}`,
  };
}

const spread = (times: readonly number[]): readonly [p50: number, p99: number] => [
  percentile(times, 0.5),
  percentile(times, 0.99),
];
const told = (times: readonly number[]): string =>
  spread(times)
    .map((ms) => ms.toFixed(1))
    .join(' / ');

async function measure(queue: MeasuredQueue, [finished, waiting]: (typeof ballasts)[number]): Promise<void> {
  const { name } = queue;
  try {
    if (waiting > 0) await queue.ballast(finished, waiting);
    const enqueued = await timed(() => queue.enqueue(jobs));
    const drained = await timed(() => queue.drain(jobs));
    await queue.startWorker();
    await sleep(1_500);
    const starts: string[] = [];
    const floors: Awaited<ReturnType<typeof floor.sample>>[] = [];
    let first: number[] | undefined;
    for (const start of [queue.submitAndStart, queue.submitAndStartHere]) {
      if (start === undefined) continue;
      const latencies: number[] = [];
      for (let single = -warmUps; single < singles; single++) {
        const took = await start.call(queue);
        await sleep(10);
        const sample = await floor.sample();
        await sleep(5);
        if (single < 0) continue;
        latencies.push(took);
        floors.push(sample);
      }
      first ??= latencies;
      starts.push(told(latencies));
    }
    const bare = floors.map(({ notified }) => notified);
    const [ratio, tailRatio] = spread(first ?? []).map((ms, at) => (ms / (spread(bare)[at] ?? 0)).toFixed(1));
    const cells = [
      name,
      `${finished} + ${waiting}`,
      enqueued.rate,
      enqueued.cpu,
      drained.rate,
      drained.cpu,
      starts.join('; here '),
      told(bare),
      `${ratio} / ${tailRatio}`,
      told(floors.map(({ fdatasync }) => fdatasync)),
    ];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  } finally {
    await queue.stop();
  }
}

const floor = await createFloor(folder, (await database('floor')).connection);
try {
  if (only !== 'tarsier') await installPeers(folder);
  process.stdout.write(
    `${jobs} jobs; CPU a job is PostgreSQL + worker\n\n` +
      '| queue | finished + waiting | bulk enqueue | CPU a job | drain | CPU a job | start p50 / p99 ms | bare INSERT and NOTIFY | start over that | fdatasync |\n' +
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n',
  );
  for (const ballast of ballasts) {
    const queues: Readonly<Record<string, () => Promise<MeasuredQueue>>> = {
      async tarsier() {
        const { connection, sql } = await database('tarsier');
        return tarsierQueue(connection, sql);
      },
      async 'pg-boss'() {
        return pgBossQueue(folder, await database('pgboss'));
      },
      async 'graphile-worker'() {
        return graphileQueue(folder, await database('graphile'));
      },
    };
    for (const [name, open] of Object.entries(queues)) {
      if (only === undefined || only === name) await measure(await open(), ballast);
    }
  }
} finally {
  await floor.close();
  await admin.end();
  await embedded.close();
  rmSync(folder, { recursive: true, force: true });
}
