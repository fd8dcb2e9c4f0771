/** pg-boss and graphile-worker, which the benchmark installs in a folder of its own: nothing else here needs them. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type postgres from 'postgres';
import type { MeasuredQueue } from './queue.ts';

const versions = { 'pg-boss': '12.38.0', 'graphile-worker': '0.18.0' } as const;
const perSubmission = 1_000;

export interface PeerDatabase {
  readonly url: string;
  readonly sql: postgres.Sql;
}

export async function installPeers(folder: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  await promisify(execFile)('npx', ['-y', 'pnpm@12', 'add', ...packages], { cwd: folder });
}

async function load<T>(folder: string, name: keyof typeof versions): Promise<T> {
  const file = createRequire(join(folder, 'package.json')).resolve(name);
  // Its own types are not installed here: what is used of it stands in the interfaces below.
  return (await import(pathToFileURL(file).href)) as T;
}

interface PgBoss {
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  createQueue(name: string, options: object): Promise<void>;
  insert(name: string, jobs: readonly object[]): Promise<unknown>;
  send(name: string, data: object): Promise<unknown>;
  work(
    name: string,
    options: object,
    handler: (jobs: { data: { nonce?: string } }[]) => Promise<void>,
  ): Promise<string>;
  offWork(name: string): Promise<void>;
}

export async function pgBossQueue(folder: string, { url, sql }: PeerDatabase): Promise<MeasuredQueue> {
  const { PgBoss: Boss } = await load<{ PgBoss: new (options: object) => PgBoss }>(folder, 'pg-boss');
  const boss = new Boss({ connectionString: url, useListenNotify: true });
  await boss.start();
  for (const name of ['noop', 'single', 'parked']) await boss.createQueue(name, { notify: true });
  const started = new Map<string, (at: number) => void>();
  return {
    name: 'pg-boss',
    conditions: `${versions['pg-boss']}; insert() of ${perSubmission}; batchSize 100, localConcurrency 4, burst; singly with notify`,
    async ballast(finished, waiting) {
      await sql`
        insert into pgboss.job (name, state, completed_on, data)
        select 'noop', 'completed', now(), '{}' from generate_series(1, ${finished}::int)`;
      await sql`insert into pgboss.job (name, data) select 'parked', '{}' from generate_series(1, ${waiting}::int)`;
      await sql.unsafe('vacuum analyze');
    },
    async enqueue(count) {
      const jobs = Array.from({ length: perSubmission }, () => ({ data: {} }));
      for (let done = 0; done < count; done += perSubmission) await boss.insert('noop', jobs);
    },
    async drain(count) {
      let ran = 0;
      const options = {
        batchSize: 100,
        localConcurrency: 4,
        burstWhenBatchFull: true,
        pollingIntervalSeconds: 0.5,
      };
      await boss.work('noop', options, async (jobs) => void (ran += jobs.length));
      while (ran < count) await new Promise((resolve) => setTimeout(resolve, 20));
      await boss.offWork('noop');
    },
    async startWorker() {
      await boss.work('single', { batchSize: 1, pollingIntervalSeconds: 0.5 }, async (jobs) => {
        for (const { data } of jobs) started.get(data.nonce ?? '')?.(performance.now());
      });
    },
    async submitAndStart() {
      const nonce = String(Math.random());
      const ran = new Promise<number>((resolve) => started.set(nonce, resolve));
      const began = performance.now();
      await boss.send('single', { nonce });
      return (await ran) - began;
    },
    async stop() {
      await boss.stop({ graceful: false });
      await sql.end();
    },
  };
}

interface GraphileRunner {
  stop(): Promise<void>;
}
interface GraphileUtils {
  migrate(): Promise<void>;
  addJob(name: string, payload: object): Promise<unknown>;
  addJobs(jobs: readonly { identifier: string; payload: object }[]): Promise<unknown>;
  release(): Promise<void>;
}
interface Graphile {
  makeWorkerUtils(options: object): Promise<GraphileUtils>;
  run(options: object): Promise<GraphileRunner>;
  Logger: new (factory: () => () => void) => object;
}

export async function graphileQueue(folder: string, { url, sql }: PeerDatabase): Promise<MeasuredQueue> {
  const { makeWorkerUtils, run, Logger } = await load<Graphile>(folder, 'graphile-worker');
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  const started = new Map<string, (at: number) => void>();
  let runner: GraphileRunner | undefined;
  let ran = 0;
  const start = (): Promise<GraphileRunner> =>
    run({
      logger,
      preset: {
        worker: {
          connectionString: url,
          concurrentJobs: 24,
          localQueue: { size: 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
      noHandleSignals: true,
      taskList: {
        noop: () => void ran++,
        single: ({ nonce }: { nonce: string }) => started.get(nonce)?.(performance.now()),
      },
    });
  return {
    name: 'graphile-worker',
    conditions: `${versions['graphile-worker']}; addJobs() of ${perSubmission}; concurrentJobs 24, localQueue 500, completeJobBatchDelay 0; keeps no finished jobs`,
    async ballast(_, waiting) {
      for (let done = 0; done < waiting; done += 10_000) {
        await utils.addJobs(Array.from({ length: 10_000 }, () => ({ identifier: 'parked', payload: {} })));
      }
      await sql.unsafe('vacuum analyze');
    },
    async enqueue(count) {
      const jobs = Array.from({ length: perSubmission }, () => ({ identifier: 'noop', payload: {} }));
      for (let done = 0; done < count; done += perSubmission) await utils.addJobs(jobs);
    },
    async drain(count) {
      runner = await start();
      while (ran < count) await new Promise((resolve) => setTimeout(resolve, 20));
      await runner.stop();
      runner = undefined;
    },
    async startWorker() {
      runner = await start();
    },
    async submitAndStart() {
      const nonce = String(Math.random());
      const at = new Promise<number>((resolve) => started.set(nonce, resolve));
      const began = performance.now();
      await utils.addJob('single', { nonce });
      return (await at) - began;
    },
    async stop() {
      await runner?.stop();
      await utils.release();
      await sql.end();
    },
  };
}
