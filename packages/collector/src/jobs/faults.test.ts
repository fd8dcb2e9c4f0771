import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newJobSchema } from '@tarsier/protocol/api';
import type { z } from 'zod';
import { silentLog } from '../log.ts';
import { createTestStorage, type TestStorage } from '../storage/testing.ts';
import type { TenantScope } from '../tenant.ts';
import { fairShare } from './fair-share.ts';
import type { RunnerOptions } from './runner.ts';
import { startJobs, type JobsRunning } from './start-jobs.ts';
import { jobTypes } from './testing-types.ts';

const hour = 3_600_000;
const leaseMs = 1_000;
let db: TestStorage;
let jobs: JobsRunning;
let scope: TenantScope;
let offset = 0;
let tenants = 0;

function start(more: Partial<RunnerOptions> = {}): Promise<JobsRunning> {
  return startJobs({
    storage: db.storage,
    types: jobTypes,
    registry: '',
    log: silentLog,
    name: 'test',
    options: { threads: 0, inline: 20, leaseMs, pollMs: 50, ...more },
    now: () => Date.now() + offset,
  });
}

beforeAll(async () => {
  db = await createTestStorage();
  jobs = await start({ graceMs: 200, pricePerSecond: 1_000_000_000 });
});
afterEach(async () => {
  offset = 0;
  await db.sql`delete from job`;
});
afterAll(async () => {
  await jobs.stop();
  await db.drop();
});

async function submit(job: z.input<typeof newJobSchema>): Promise<string> {
  scope = await db.storage.tenants.ensure(`faults-${++tenants}`);
  return submitMore(job);
}

async function submitMore(job: z.input<typeof newJobSchema>): Promise<string> {
  const [submitted] = await jobs.queue.submit(scope, [newJobSchema.parse(job)], 'test');
  return submitted?.id ?? '';
}

async function reached(id: string, ...states: readonly string[]) {
  for (;;) {
    const { job } = await jobs.queue.describe(scope, id);
    if (states.includes(job.state)) return job;
    await sleep(10);
  }
}

test.each([hour, -hour])(
  'a clock that leaps by %i ms ends no run, and nothing waits for it to come back',
  async (leap) => {
    const running = await submit({ type: 'pause', payload: { ms: 400 }, timeoutMs: 5_000 });
    await reached(running, 'running');
    offset = leap;
    const waiting = await submitMore({ type: 'echo' });
    expect(await reached(waiting, 'succeeded', 'failed')).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(await reached(running, 'succeeded', 'failed')).toMatchObject({ state: 'succeeded', attempt: 1 });
    // Another attempt is due by the clock as it is now.
    const fails = await submitMore({ type: 'fails', payload: { times: 1 } });
    const { dueAt = 0 } = await reached(fails, 'delayed');
    expect(Math.abs(dueAt - (Date.now() + leap))).toBeLessThan(60_000);
  },
);

test('what is to start later starts when the clock has leapt past it, once', async () => {
  const id = await submit({ type: 'echo', startAt: Date.now() + hour / 2 });
  await reached(id, 'delayed');
  offset = hour;
  expect(await reached(id, 'succeeded')).toMatchObject({ attempt: 1 });
});

/** As a worker that is gone right after it took the job. */
async function claimAndDie(): Promise<void> {
  await db.storage.jobs.setLane(scope, '*', { paused: false });
  const plan = fairShare(['echo'], { free: { thread: 0, inline: 1 }, kindOf: () => 'inline' });
  const worker = '00000000-0000-4000-8000-000000000000';
  let claimed = 0;
  await db.storage.jobs.work.claim({ worker, leaseMs, now: Date.now() }, plan, (taken) => (claimed = taken.length));
  expect(claimed).toBe(1);
}

test('the job of a worker that is gone is taken over, also when the database’s clock was set back meanwhile', async () => {
  scope = await db.storage.tenants.ensure(`faults-${++tenants}`);
  await db.storage.jobs.setLane(scope, '*', { paused: true });
  const id = await submitMore({ type: 'echo', payload: { a: 1 } });
  await jobs.stop();
  await claimAndDie();
  // An hour further back: the lease goes on for as long.
  await db.sql`update job set lease_until = lease_until + interval '1 hour' where id = ${id}`;
  jobs = await start();
  expect(await reached(id, 'succeeded')).toMatchObject({ attempt: 2, result: { a: 1 } });
});

test('payloads that are too deep, of another shape or hold what no database keeps are refused, or kept as they can be', async () => {
  let deep: unknown = 1;
  for (let level = 0; level < 200; level++) deep = [deep];
  await expect(submit({ type: 'echo', payload: { deep } })).rejects.toThrow(/^payload: expected at most 100 levels/u);
  await expect(submit({ type: 'pause', payload: { ms: 'long' } })).rejects.toThrow(/^payload\.ms: /u);
  const odd = await submit({ type: 'echo', payload: { text: 'a\u0000b\ud800', '\u0000': 1 } });
  expect(await reached(odd, 'succeeded')).toMatchObject({ result: { text: 'a\ufffdb\ufffd', '\ufffd': 1 } });
  // As one that an older collector took: its type wants another one now.
  await db.storage.jobs.setLane(scope, '*', { paused: true });
  const old = await submitMore({ type: 'pause', payload: { ms: 1 } });
  await db.sql`update job set payload = '{"ms":"long"}' where id = ${old}`;
  const next = await submitMore({ type: 'echo' });
  await db.storage.jobs.setLane(scope, '*', { paused: false });
  expect(await reached(old, 'failed')).toMatchObject({ attempt: 1, error: { code: 'jobs/payload' } });
  await reached(next, 'succeeded');
});
