import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { monthOf } from '../../jobs/testing-budget.ts';
import { fairShare } from '../../jobs/fair-share.ts';
import type { TenantScope } from '../../tenant.ts';
import { createTestStorage, type TestStorage } from '../testing.ts';
import type { Candidate } from './claim.ts';
import { testJob } from './testing-job.ts';

const now = Date.UTC(2026, 0, 15);
const worker = '00000000-0000-4000-8000-000000000000';
let db: TestStorage;
let scope: TenantScope;
let tenants = 0;
beforeAll(async () => {
  db = await createTestStorage();
});
afterEach(() => db.sql`delete from job`);
afterAll(() => db.drop());

async function submit(count: number, estimateMs = 40): Promise<void> {
  const job = testJob({ payload: { n: 1 }, baseMs: estimateMs, estimateMs, estimateCost: 50, reserved: 100 });
  await db.storage.jobs.submit(
    scope,
    Array.from({ length: count }, () => job),
    { by: 'test', now },
  );
}

/** Claims as a worker with so many places; @returns what it got, and whether it had to choose */
async function claim(places = 9) {
  const chosenFrom: Candidate[] = [];
  const fair = fairShare(['noop'], { free: { thread: 0, inline: places }, kindOf: () => 'inline' });
  const plan: typeof fair = {
    ...fair,
    choose(view, budgets, candidates) {
      chosenFrom.push(...candidates);
      return fair.choose(view, budgets, candidates);
    },
  };
  let taken: readonly { readonly id: string; readonly attempt: number; readonly fence: number }[] = [];
  const { result, onDisk } = await db.storage.jobs.work.claim({ worker, leaseMs: 10_000, now }, plan, (jobs) => {
    taken = jobs;
  });
  await onDisk;
  return { taken, left: result.left, chosenFrom };
}

async function newTenant(): Promise<void> {
  scope = await db.storage.tenants.ensure(`claim-${++tenants}`);
  // What the last test's claims have left: this one begins with nothing.
  await claim();
}

test('one job that alone may start is taken without a choice, with the tags that a choice sets', async () => {
  await newTenant();
  await db.storage.jobs.setLane(scope, '*', { weight: 4 });
  const other = await db.storage.tenants.ensure('claim-other');
  await db.storage.jobs.setLane(other, '*', {});
  for (const [start, finish] of [
    [0, 0],
    [70, 90],
    [500, 20],
  ] as const) {
    await db.sql`delete from job`;
    await db.sql`update job_lane set start_tag = ${start}, finish_tag = 0 where tenant_id = ${other.tenantId}`;
    await db.sql`update job_lane set start_tag = 0, finish_tag = ${finish} where tenant_id = ${scope.tenantId}`;
    await submit(1);
    const { taken, left, chosenFrom } = await claim();
    expect(taken).toMatchObject([{ attempt: 1, fence: 1, payload: { n: 1 }, tenant: scope.tenant, type: 'noop' }]);
    expect({ left, chosenFrom }).toEqual({ left: false, chosenFrom: [] });
    const [lane] = await db.sql`select start_tag, finish_tag from job_lane where tenant_id = ${scope.tenantId}`;
    expect(lane).toEqual({ start_tag: Math.max(start, finish), finish_tag: Math.max(start, finish) + 10 });
    const [job] = await db.sql`select state, worker, started_at::float8 from job`;
    expect(job).toEqual({ state: 'running', worker, started_at: now });
  }
});

test('several that may start are chosen from, and what they leave is taken afterwards', async () => {
  await newTenant();
  await submit(3);
  const first = await claim(2);
  expect([first.taken.length, first.left, first.chosenFrom.length > 1]).toEqual([2, true, true]);
  expect((await claim(2)).taken).toHaveLength(1);
  expect(await claim(2)).toMatchObject({ taken: [], left: false });
});

test.each([
  ['its lane is paused', false, () => db.storage.jobs.setLane(scope, 'noop', { paused: true })],
  ['its tenant is paused', false, () => db.storage.jobs.setLane(scope, '*', { paused: true })],
  ['its lane is full', true, () => db.storage.jobs.setLane(scope, 'noop', { maxRunning: 1 })],
  ['its tenant is full', true, () => db.storage.jobs.setLane(scope, '*', { maxRunning: 1 })],
  ['a budget of jobs is short', true, () => putBudget('jobs', '*', 199)],
  ['a budget of its type is short', true, () => putBudget('job-type', 'noop', 199)],
  ['no place is free', true, async () => {}],
])('one job is not taken while %s', async (why, left, hinder) => {
  await newTenant();
  await submit(1);
  expect((await claim()).taken).toHaveLength(1);
  await hinder();
  await submit(1);
  expect(await claim(why === 'no place is free' ? 0 : 9)).toEqual({ taken: [], left, chosenFrom: [] });
});

test('a budget that is just enough, or of another type, lets a job start', async () => {
  await newTenant();
  await putBudget('jobs', '*', 200);
  await putBudget('job-type', 'other', 1);
  await submit(1);
  expect((await claim()).taken).toHaveLength(1);
  await submit(1);
  expect((await claim()).taken).toHaveLength(1);
});

async function putBudget(kind: 'jobs' | 'job-type', target: string, amount: number): Promise<void> {
  const budget = monthOf(amount, { id: `${kind}-${target}`, kind, target });
  await db.storage.budgets.put(scope, budget, { by: 'test', at: now });
}
