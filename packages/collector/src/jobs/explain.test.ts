import { expect, test } from 'vitest';
import type { LaneView, TenantView } from '../storage/jobs/claim.ts';
import { expectedStart, reasonsOf, type QueueSight, type WaitingJob } from './explain.ts';

const job: WaitingJob = {
  type: 'train',
  state: 'waiting',
  tenantId: 1,
  reserved: 2_000_000_000,
  ahead: { jobs: 3, estimateMs: 6_000 },
};
const lane: LaneView = {
  tenantId: 1,
  type: 'train',
  waiting: true,
  running: 0,
  reserved: 0,
  maxRunning: null,
  paused: false,
};
const tenant: TenantView = { tenantId: 1, weight: 1, finishTag: 0, maxRunning: null, paused: false, lanes: [lane] };
const worker = { id: 'w', name: 'w', startedAt: 0, threads: 2, inline: 10, running: 0, types: ['train'] };
const sight = (more: Partial<QueueSight> = {}, ...tenants: readonly TenantView[]): QueueSight => ({
  view: { tenants: tenants.length === 0 ? [tenant] : tenants, virtualTime: 0 },
  budgets: [],
  workers: [worker],
  kind: 'thread',
  kindOf: () => 'thread',
  now: 1_000,
  ...more,
});
const other = { ...tenant, tenantId: 2, weight: 3, lanes: [{ ...lane, tenantId: 2, running: 2 }] };

test.each<readonly [string, QueueSight, readonly string[]]>([
  ['others of its tenant', sight(), ['3 jobs of its tenant go first']],
  ['no worker', sight({ workers: [] }), ['no worker runs jobs of type train']],
  [
    'the tenant’s and the type’s concurrency',
    sight({}, { ...tenant, maxRunning: 1, lanes: [{ ...lane, running: 1, maxRunning: 1 }] }),
    [
      '1 jobs of its tenant run, which is the most it may',
      '1 jobs of type train run, which is the most there may',
      '3 jobs of its tenant go first',
    ],
  ],
  [
    'the budget, less what is set aside for those that run',
    sight(
      { budgets: [{ tenantId: 1, id: 'b', type: '*', amount: 10e9, left: 3e9 }] },
      { ...tenant, lanes: [{ ...lane, running: 1, reserved: 2e9 }] },
    ),
    ['the budget of 10.00 USD for jobs has 1.00 left, and 2.00 are set aside for it', '3 jobs of its tenant go first'],
  ],
  [
    'the shares of other tenants',
    sight({}, tenant, other),
    ['3 jobs of its tenant go first', 'all 2 places are taken, and 1 other tenants wait for their share'],
  ],
])('a job that waits says in words that it is %s', (_, of, reasons) => {
  expect(reasonsOf(job, of)).toEqual(reasons);
});

test('it should start when those before it are done, in the tenant’s share of the places', () => {
  expect(expectedStart(job, sight())).toBe(1_000 + 6_000 / 2);
  // A quarter of two places.
  expect(expectedStart(job, sight({}, tenant, other))).toBe(1_000 + 6_000 / 0.5);
  expect(expectedStart(job, sight({}, { ...tenant, maxRunning: 1 }))).toBe(1_000 + 6_000);
});

test('nothing says when while it is paused, over a budget, or nobody can run it', () => {
  expect(expectedStart(job, sight({ workers: [] }))).toBeUndefined();
  expect(expectedStart(job, sight({}, { ...tenant, paused: true }))).toBeUndefined();
  const short = { budgets: [{ tenantId: 1, id: 'b', type: 'train', amount: 1e9, left: 1e9 }] };
  expect(expectedStart(job, sight(short))).toBeUndefined();
});
