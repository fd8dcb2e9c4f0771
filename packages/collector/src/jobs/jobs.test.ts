import { availableParallelism } from 'node:os';
import { platform } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newJobSchema } from '@tarsier/protocol/api';
import type { z } from 'zod';
import { silentLog } from '../log.ts';
import { createTestStorage, type TestStorage } from '../storage/testing.ts';
import type { TenantScope } from '../tenant.ts';
import { startJobs, type JobsRunning } from './start-jobs.ts';
import type { RunnerOptions } from './runner.ts';
import { monthOf } from './testing-budget.ts';
import { jobTypes } from './testing-types.ts';
import { threadCpuMs } from './threads/thread-cpu.ts';

let db: TestStorage;
/** Whose threads are loaded by then: a second of CPU costs a dollar. */
let jobs: JobsRunning;
let tenants = 0;
const registry = new URL('./testing-types.ts', import.meta.url).href;
const quick: Partial<RunnerOptions> = {
  pollMs: 50,
  leaseMs: 3_000,
  graceMs: 200,
  threads: 2,
  inline: 20,
  pricePerSecond: 1_000_000_000,
};

beforeAll(async () => {
  db = await createTestStorage();
  jobs = await start();
});
afterEach(() => db.sql`delete from job`);
afterAll(async () => {
  await jobs.stop();
  await db.drop();
});

function start(options: Partial<RunnerOptions> = {}): Promise<JobsRunning> {
  return startJobs({
    storage: db.storage,
    types: jobTypes,
    registry,
    log: silentLog,
    name: 'test',
    options: { ...quick, ...options },
  });
}

const newTenant = (): Promise<TenantScope> => db.storage.tenants.ensure(`tenant-${++tenants}`);

async function submit({ queue }: JobsRunning, scope: TenantScope, job: z.input<typeof newJobSchema>): Promise<string> {
  const [submitted] = await queue.submit(scope, [newJobSchema.parse(job)], 'test');
  return submitted?.id ?? '';
}

/** Asks until a job is in one of the states. */
async function reached({ queue }: JobsRunning, scope: TenantScope, id: string, ...states: readonly string[]) {
  for (;;) {
    const described = await queue.describe(scope, id);
    if (states.includes(described.job.state)) return described;
    await sleep(10);
  }
}

test('a job runs, and its result, what it took and what it cost are there', async () => {
  const scope = await newTenant();
  const inline = await submit(jobs, scope, { type: 'echo', payload: { a: 1 } });
  expect((await reached(jobs, scope, inline, 'succeeded')).job).toMatchObject({ result: { a: 1 }, attempt: 1 });
  const thread = await submit(jobs, scope, { type: 'compute', payload: { ms: 60 } });
  const { job, accuracy } = await reached(jobs, scope, thread, 'succeeded');
  expect(job).toMatchObject({ result: { held: 0 }, progress: { ratio: 0.5 } });
  expect(job.meteredMs).toBeGreaterThan(1);
  expect(Number(job.cost)).toBeCloseTo(job.meteredMs / 1_000, 9);
  expect(accuracy?.ms).toBeCloseTo(job.meteredMs / job.estimate.ms, 6);
  const events = await db.storage.jobs.events(scope, thread, { after: 0, limit: 100 });
  expect(events[0]).toMatchObject({ kind: 'log', number: 1, message: 'computing', fields: { attempt: 1 } });
  const usage = await db.storage.jobs.usage(scope, 0);
  expect(usage.map(({ type, runs }) => [type, runs])).toEqual([
    ['compute', 1],
    ['echo', 1],
  ]);
});

test('what a run told last is there when its end is, however short it was', async () => {
  const scope = await newTenant();
  for (let turn = 0; turn < 5; turn++) {
    // Right after another, whose end was told of: what comes now waits for the next write.
    await reached(jobs, scope, await submit(jobs, scope, { type: 'echo', payload: {} }), 'succeeded');
    const id = await submit(jobs, scope, { type: 'compute', payload: { ms: 1 } });
    const { job } = await reached(jobs, scope, id, 'succeeded');
    expect(job.progress).toEqual({ ratio: 0.5, metrics: { step: 0 } });
    const events = await db.storage.jobs.events(scope, id, { after: 0, limit: 100 });
    expect(events.map(({ kind }) => kind)).toEqual(['log', 'progress']);
  }
});

test('a key makes two submissions one job, and the same key for something else is refused', async () => {
  const scope = await newTenant();
  const [first, second] = await Promise.all([
    submit(jobs, scope, { type: 'echo', key: 'k', payload: { a: 1 } }),
    submit(jobs, scope, { type: 'echo', key: 'k', payload: { a: 1 } }),
  ]);
  expect(first).toBe(second);
  await expect(submit(jobs, scope, { type: 'echo', key: 'k', payload: { a: 2 } })).rejects.toThrow(/"k" was used/u);
  expect(await submit(jobs, await newTenant(), { type: 'echo', key: 'k', payload: { a: 2 } })).not.toBe(first);
});

test('a job that fails is tried again, and is a dead letter after its last attempt, from where it can be replayed', async () => {
  const scope = await newTenant();
  const heals = await submit(jobs, scope, { type: 'fails', payload: { times: 1 } });
  const { job: waiting, waiting: why } = await reached(jobs, scope, heals, 'delayed');
  expect(waiting.error).toMatchObject({ code: 'test/failed', message: 'attempt 1 failed' });
  expect(why?.reasons[0]).toMatch(/^it is to start at .*, because an attempt failed: attempt 1 failed$/u);
  await db.sql`update job set due_at = 0 where id = ${heals}`;
  expect((await reached(jobs, scope, heals, 'succeeded')).job).toMatchObject({ result: { attempt: 2 }, attempt: 2 });

  const dead = await submit(jobs, scope, { type: 'fails', payload: { times: 9, retryable: false } });
  expect((await reached(jobs, scope, dead, 'failed')).job).toMatchObject({ attempt: 1 });
  await db.sql`update job set payload = '{"times":0}' where id = ${dead}`;
  expect(await jobs.queue.replay(scope, { type: 'fails', limit: 10 })).toEqual([dead]);
  expect((await reached(jobs, scope, dead, 'succeeded')).job.result).toEqual({ attempt: 1 });
  await expect(jobs.queue.replay(scope, { id: dead })).rejects.toThrow(/succeeded can not be run again/u);
});

test('one that waits is held and released, and one that runs is cancelled: asked first, then made to', async () => {
  const scope = await newTenant();
  await db.storage.jobs.setLane(scope, '*', { paused: true });
  const held = await submit(jobs, scope, { type: 'echo' });
  expect((await jobs.queue.describe(scope, held)).waiting?.reasons).toEqual(['the jobs of its tenant are paused']);
  expect((await jobs.queue.hold(scope, held)).waiting?.reasons).toEqual(['it is held until somebody releases it']);
  await db.storage.jobs.setLane(scope, '*', { paused: false });
  await jobs.queue.release(scope, held);
  await reached(jobs, scope, held, 'succeeded');
  await expect(jobs.queue.hold(scope, held)).rejects.toThrow(/succeeded can not be held/u);

  for (const payload of [{ ms: 60_000 }, { ms: 60_000, stubborn: true }]) {
    const runs = await submit(jobs, scope, { type: 'pause', payload });
    await reached(jobs, scope, runs, 'running');
    await jobs.queue.cancel(scope, runs);
    expect((await reached(jobs, scope, runs, 'cancelled')).job.error?.code).toBe('jobs/cancelled');
  }
  const endless = await submit(jobs, scope, { type: 'compute', payload: { endless: true } });
  await reached(jobs, scope, endless, 'running');
  await jobs.queue.cancel(scope, endless);
  await reached(jobs, scope, endless, 'cancelled');
});

test('a job that never ends, eats memory or takes its thread along fails alone', async () => {
  const scope = await newTenant();
  const slow = await submit(jobs, scope, {
    type: 'compute',
    payload: { endless: true },
    timeoutMs: 200,
    maxAttempts: 1,
  });
  const hungry = await submit(jobs, scope, { type: 'compute', payload: { memoryMb: 2_000 }, maxAttempts: 1 });
  const exits = await submit(jobs, scope, { type: 'compute', payload: { exit: true }, maxAttempts: 1 });
  const codes = await Promise.all(
    [slow, hungry, exits].map(async (id) => (await reached(jobs, scope, id, 'failed')).job.error?.code),
  );
  expect(codes).toEqual(['jobs/timeout', 'jobs/memory', 'jobs/thread']);
  const next = await submit(jobs, scope, { type: 'compute' });
  await reached(jobs, scope, next, 'succeeded');
});

test.runIf(platform === 'linux' && threadCpuMs() !== undefined)(
  'what others compute meanwhile is no time of a job’s',
  async () => {
    const scope = await newTenant();
    // As many as there are cores, at a higher priority.
    const others = Array.from({ length: availableParallelism() }, () => new Worker('for (;;);', { eval: true }));
    try {
      const id = await submit(jobs, scope, {
        type: 'compute',
        payload: { cpuMs: 1_000 },
        timeoutMs: 2_500,
        maxAttempts: 1,
      });
      const { job } = await reached(jobs, scope, id, 'succeeded', 'failed');
      expect(job).toMatchObject({ state: 'succeeded' });
    } finally {
      await Promise.all(others.map((other) => other.terminate()));
    }
  },
);

test('results that no database can keep end their own job and no other', async () => {
  const scope = await newTenant();
  const hows = ['nul', 'surrogate', 'cycle', 'bigint', 'huge', 'deep'] as const;
  const ids = await Promise.all(hows.map((how) => submit(jobs, scope, { type: 'hostile', payload: { how } })));
  const others = await Promise.all(ids.map(() => submit(jobs, scope, { type: 'noop' })));
  for (const id of others) await reached(jobs, scope, id, 'succeeded');
  const ended = await Promise.all(ids.map(async (id) => (await reached(jobs, scope, id, 'succeeded', 'failed')).job));
  expect(ended.map(({ state, error }) => error?.code ?? state)).toEqual([
    'succeeded',
    'succeeded',
    'jobs/result',
    'jobs/result',
    'jobs/result',
    'succeeded',
  ]);
  expect(ended[0]?.result).toEqual({ text: 'a\ufffdb', '\ufffd': '\\u0000' });
});

test('jobs run after those they come after, and not at all when one of these does not succeed', async () => {
  const scope = await newTenant();
  await db.storage.jobs.setLane(scope, '*', { paused: true });
  const first = await submit(jobs, scope, { type: 'echo' });
  const second = await submit(jobs, scope, { type: 'echo', after: [first] });
  const bad = await submit(jobs, scope, { type: 'fails', payload: { times: 9, retryable: false } });
  const third = await submit(jobs, scope, { type: 'echo', after: [second, bad] });
  const fourth = await submit(jobs, scope, { type: 'echo', after: [third] });
  expect((await jobs.queue.describe(scope, second)).waiting?.reasons).toEqual([
    'jobs that it comes after have not finished',
  ]);
  await db.storage.jobs.setLane(scope, '*', { paused: false });
  await reached(jobs, scope, second, 'succeeded');
  expect((await reached(jobs, scope, third, 'cancelled')).job.error?.message).toContain(bad);
  expect((await reached(jobs, scope, fourth, 'cancelled')).job.error?.message).toContain(third);
  await expect(submit(jobs, scope, { type: 'echo', after: [bad] })).rejects.toThrow(/after: .*: it has failed/u);
});

const budget = (usd: number) => monthOf(usd * 1e9, { id: 'b' });

test('a budget is set aside before a run, charged after it, and never exceeded, also by a run that takes more than was thought', async () => {
  const scope = await newTenant();
  // A second of CPU is a dollar; a job of 50 ms has 0.15 set aside.
  await db.storage.budgets.put(scope, budget(0.2), { by: 'test', at: Date.now() });
  const over = await submit(jobs, scope, { type: 'compute', payload: { ms: 5_000 } });
  const failed = await reached(jobs, scope, over, 'failed');
  expect(failed.job.error?.code).toBe('jobs/budget');
  expect(Number(failed.job.cost)).toBeLessThanOrEqual(0.2);
  const [usage] = await db.storage.jobs.usage(scope, 0);
  expect(usage?.cost).toBe(Math.round(Number(failed.job.cost) * 1e9));
  const next = await submit(jobs, scope, { type: 'compute', payload: { ms: 10 } });
  const quote = await jobs.queue.quote(scope, newJobSchema.parse({ type: 'compute', payload: { ms: 10 } }));
  expect(quote.waitsFor[0]).toMatch(/^the budget of 0.20 USD for jobs has [\d.]+ left, and [\d.]+ are set aside/u);
  await sleep(300);
  expect((await jobs.queue.describe(scope, next)).job.state).toBe('waiting');
  await db.storage.budgets.put(scope, budget(10), { by: 'test', at: Date.now() });
  await reached(jobs, scope, next, 'succeeded');
});

test('limits of a tenant and of a type hold at every moment', async () => {
  const scope = await newTenant();
  await db.storage.jobs.setLane(scope, '*', { maxRunning: 3 });
  await db.storage.jobs.setLane(scope, 'pause', { maxRunning: 2 });
  const ids: string[] = [];
  for (let at = 0; at < 12; at++) ids.push(await submit(jobs, scope, { type: 'pause', payload: { ms: 30 } }));
  let most = 0;
  for (let done = 0; done < ids.length;) {
    const [count] = await db.sql<{ running: number; done: number }[]>`
      select count(*) filter (where state = 'running')::int as running, count(finished_at)::int as done from job`;
    most = Math.max(most, count?.running ?? 0);
    done = count?.done ?? 0;
  }
  expect(most).toBe(2);
});

test('the real queue gives tenants that all want more than there is shares as their weights', async () => {
  const weights = [1, 1, 4];
  const scopes = await Promise.all(weights.map(() => newTenant()));
  for (const [at, scope] of scopes.entries()) {
    await db.storage.jobs.setLane(scope, '*', { weight: weights[at], paused: true });
    const job = newJobSchema.parse({ type: 'noop' });
    await jobs.queue.submit(
      scope,
      Array.from({ length: 400 }, () => job),
      'test',
    );
  }
  await db.sql`update job_lane set paused = false`;
  // As long as all of them have jobs that wait.
  for (let left = 1; left > 0; await sleep(20)) {
    const [row] = await db.sql<{ left: number }[]>`select count(*)::int as left from job where state <> 'succeeded'`;
    left = row?.left ?? 0;
  }
  const first = 480;
  const served = await db.sql<{ tenant_id: number; jobs: number }[]>`
    select tenant_id, count(*)::int as jobs from (
      select tenant_id from job order by started_at, finished_at limit ${first}) first group by tenant_id`;
  // The last claim is cut somewhere: its twenty jobs may be of anybody.
  const cut = 20 / first;
  for (const [at, scope] of scopes.entries()) {
    const share = (served.find((row) => row.tenant_id === scope.tenantId)?.jobs ?? 0) / first;
    const due = (weights[at] ?? 0) / 6;
    expect(Math.abs(share - due)).toBeLessThan(0.05 * due + cut * (1 - due));
  }
});

test('what is submitted to start later does so then, and why and when is told', async () => {
  const scope = await newTenant();
  const startAt = Date.now() + 400;
  const id = await submit(jobs, scope, { type: 'echo', startAt });
  expect((await jobs.queue.describe(scope, id)).waiting).toMatchObject({ expectedStart: startAt });
  const { job } = await reached(jobs, scope, id, 'succeeded');
  expect(job.startedAt).toBeGreaterThanOrEqual(startAt);
});

test('a worker that stops gives back what it runs, with the attempt', async () => {
  const scope = await newTenant();
  await jobs.stop();
  jobs = await start({ threads: 0 });
  const id = await submit(jobs, scope, { type: 'pause', payload: { ms: 200 } });
  await reached(jobs, scope, id, 'running');
  await jobs.stop();
  jobs = await start({ threads: 1 });
  const { job } = await reached(jobs, scope, id, 'succeeded');
  expect(job.attempt).toBe(1);
  // What was begun in vain is charged to nobody, and is no cost of the job.
  const [usage] = await db.storage.jobs.usage(scope, 0);
  expect(usage).toMatchObject({ runs: 1, meteredMs: job.meteredMs, cost: Math.round(Number(job.cost) * 1e9) });
});

test('what has finished is forgotten after its time, with its events and keys', async () => {
  const scope = await newTenant();
  const id = await submit(jobs, scope, { type: 'echo', key: 'old' });
  await reached(jobs, scope, id, 'succeeded');
  const day = 86_400_000;
  const keep = { finishedMs: day, failedMs: day, most: 10 };
  expect(await db.storage.jobs.work.expire(Date.now(), keep)).toBe(0);
  expect(await db.storage.jobs.work.expire(Date.now() + 2 * day, keep)).toBe(1);
  expect(await db.storage.jobs.events(scope, id, { after: 0, limit: 10 })).toEqual([]);
  expect(await submit(jobs, scope, { type: 'echo', key: 'old' })).not.toBe(id);
});
