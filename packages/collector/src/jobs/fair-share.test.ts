import { expect, test } from 'vitest';
import type { BudgetView, Candidate, QueueView } from '../storage/jobs/claim.ts';
import { fairShare } from './fair-share.ts';

interface Tenant {
  readonly weight: number;
  /** Jobs that wait from the start on, and how long each takes. */
  readonly jobs: number;
  readonly estimateMs?: number;
  readonly comesAt?: number;
}

/** One place, jobs one after the other as the plan chooses; who was served, in order. */
function simulate(tenants: readonly Tenant[], rounds: number): readonly number[] {
  const state = tenants.map((tenant) => ({ left: tenant.jobs, startTag: 0, finishTag: 0 }));
  const served: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const virtualTime = Math.max(...state.map(({ startTag }) => startTag));
    const lanes = tenants.map((tenant, tenantId) => ({
      tenantId,
      weight: tenant.weight,
      finishTag: state[tenantId]?.finishTag ?? 0,
      maxRunning: null,
      paused: false,
      lanes: [
        {
          tenantId,
          type: 'noop',
          waiting: (tenant.comesAt ?? 0) <= round && (state[tenantId]?.left ?? 0) > 0,
          running: 0,
          reserved: 0,
          maxRunning: null,
          paused: false,
        },
      ],
    }));
    const view: QueueView = { tenants: lanes, virtualTime };
    const plan = fairShare(['noop'], { free: { thread: 0, inline: 1 }, kindOf: () => 'inline' });
    const wanting = lanes.filter(({ lanes: [own] }) => own?.waiting === true);
    const candidates = wanting.map(({ tenantId }): Candidate => ({
      tenantId,
      tenant: String(tenantId),
      id: `${tenantId}-${round}`,
      type: 'noop',
      priority: 0,
      estimateMs: tenants[tenantId]?.estimateMs ?? 10,
      reserved: 0,
    }));
    const { jobs, tags } = plan.choose(view, [], candidates);
    for (const { tenantId } of jobs) {
      served.push(tenantId);
      const one = state[tenantId];
      if (one !== undefined) one.left--;
    }
    for (const { tenantId, startTag, added } of tags) {
      const one = state[tenantId];
      if (one === undefined) continue;
      one.startTag = startTag;
      one.finishTag = Math.max(one.finishTag, virtualTime) + added;
    }
  }
  return served;
}

const shareOf = (served: readonly number[], tenant: number): number =>
  served.filter((one) => one === tenant).length / served.length;

test('under saturation tenants get shares as their weights, whatever each has waiting', () => {
  const served = simulate(
    [
      { weight: 1, jobs: 10_000 },
      { weight: 1, jobs: 2_000 },
      { weight: 4, jobs: 5_000 },
    ],
    600,
  );
  expect(shareOf(served, 0)).toBeCloseTo(1 / 6, 2);
  expect(shareOf(served, 1)).toBeCloseTo(1 / 6, 2);
  expect(shareOf(served, 2)).toBeCloseTo(4 / 6, 2);
});

test('shares are of time: who has long jobs gets fewer of them', () => {
  const served = simulate(
    [
      { weight: 1, jobs: 1_000, estimateMs: 90 },
      { weight: 1, jobs: 1_000, estimateMs: 10 },
    ],
    500,
  );
  expect(shareOf(served, 0)).toBeCloseTo(0.1, 2);
});

test('one that comes late is served next, and then by its share: it neither waits nor makes up for its absence', () => {
  const served = simulate(
    [
      { weight: 1, jobs: 10_000 },
      { weight: 1, jobs: 10_000, comesAt: 300 },
    ],
    600,
  );
  expect(served.slice(0, 300)).not.toContain(1);
  expect(served.slice(300, 302)).toContain(1);
  expect(shareOf(served.slice(300), 1)).toBeCloseTo(0.5, 2);
});

test('no place stays empty while somebody has jobs', () => {
  expect(
    simulate(
      [
        { weight: 1, jobs: 50 },
        { weight: 100, jobs: 10 },
      ],
      60,
    ),
  ).toHaveLength(60);
});

const lane = { tenantId: 1, type: 'a', waiting: true, running: 0, reserved: 0, maxRunning: null, paused: false };
const tenant = { tenantId: 1, weight: 1, finishTag: 0, maxRunning: null, paused: false };
const job = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  tenantId: 1,
  tenant: '1',
  id,
  type: 'a',
  priority: 0,
  estimateMs: 1,
  reserved: 10,
  ...more,
});
const plan = fairShare(['a', 'b'], { free: { thread: 0, inline: 10 }, kindOf: () => 'inline' });
const chosen = (view: QueueView, candidates: readonly Candidate[], budgets: readonly BudgetView[] = []) =>
  plan.choose(view, budgets, candidates).jobs.map(({ id }) => id);

test('inside a tenant the higher priority goes first, then the older', () => {
  const view = { tenants: [{ ...tenant, lanes: [lane] }], virtualTime: 0 };
  expect(chosen(view, [job('2'), job('3', { priority: 5 }), job('1')])).toEqual(['3', '1', '2']);
});

test('limits of the tenant, of a type and of a budget are never exceeded, and what fits goes on', () => {
  const limited = { ...lane, running: 1, maxRunning: 2 };
  const other = { ...lane, type: 'b' };
  const view = { tenants: [{ ...tenant, maxRunning: 4, lanes: [limited, other] }], virtualTime: 0 };
  const both = [job('1'), job('2'), job('3', { type: 'b' }), job('4', { type: 'b' }), job('5', { type: 'b' })];
  expect(chosen(view, both)).toEqual(['1', '3', '4']);
  const budget = { tenantId: 1, id: 'x', type: 'b', amount: 100, left: 15 };
  expect(chosen(view, both, [budget])).toEqual(['1', '3']);
  // What runs has its part set aside already.
  const running = { ...other, running: 1, reserved: 10 };
  const busy = { tenants: [{ ...tenant, lanes: [limited, running] }], virtualTime: 0 };
  expect(chosen(busy, both, [budget])).toEqual(['1']);
});

test('paused lanes and tenants are passed over', () => {
  const paused = { ...lane, paused: true };
  const jobs = [job('1'), job('2', { type: 'b' })];
  const lanes = [paused, { ...lane, type: 'b' }];
  expect(chosen({ tenants: [{ ...tenant, lanes }], virtualTime: 0 }, jobs)).toEqual(['2']);
  expect(chosen({ tenants: [{ ...tenant, paused: true, lanes: [lane] }], virtualTime: 0 }, jobs)).toEqual([]);
});
