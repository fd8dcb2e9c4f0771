import { formatUsd, parseUsd } from '@tarsier/protocol';
import { rebalanceSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createTestStorage } from '../../../storage/testing.ts';
import type { TenantScope } from '../../../tenant.ts';
import { testContext, type TestSeries } from '../../testing-context.ts';
import { budgetRebalance } from './budget-rebalance.ts';
import { amountsOf, tryAmounts } from './propose.ts';
import { readSpend } from './read-spend.ts';

const db = await createTestStorage();
afterAll(() => db.drop());

const today = Date.UTC(2026, 10, 30);
const now = today + 6 * 3_600_000;
const hours = 24 * 40;
const actor = { by: 'ann', at: now };
const jobId = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;

/** A counter that grows by so many tokens in each hour of a day; the days before it begins are no part of it. */
function tokens(agent: string, perDay: (day: number) => number, more: Record<string, string> = {}): TestSeries {
  const times = Float64Array.from({ length: hours + 7 }, (_, hour) => today - (hours - hour) * 3_600_000);
  let sum = 0;
  const values = times.map((_, hour) => {
    if (hour > 0) sum += perDay(Math.floor((hour - 1) / 24)) / 24;
    return sum;
  });
  const labels = { __name__: 'llm_tokens_total', type: 'output', agent, provider: 'acme', model: 'large', ...more };
  return { labels, times, values };
}

async function newTenant(name: string, budgets: Readonly<Record<string, object>>): Promise<TenantScope> {
  const scope = await db.storage.tenants.ensure(name);
  await db.storage.prices.set(scope, {
    coreHour: '0.03',
    gibHour: '0.004',
    models: [{ model: 'large', provider: '*', input: '3', output: '10' }],
  });
  for (const [target, more] of Object.entries(budgets)) {
    const common = { kind: 'agent', period: 'day', amount: 10_000_000_000, weight: 1, automatic: false } as const;
    await db.storage.budgets.put(scope, { id: target, target, ...common, ...more }, actor);
  }
  return scope;
}

// A million tokens are 10 USD: one agent wants 12.50 a day, the other 5.
const series = [tokens('busy', () => 1_250_000), tokens('calm', () => 500_000)];

test('what agents spend is read by day, to the billionth, and is what the price table says', async () => {
  const scope = await newTenant('spend', {});
  const context = testContext(db.storage, scope, series, now);
  const spend = await readSpend(context, scope, 'agent', { count: 3, withToday: true, now });
  expect(spend.days).toEqual(['2026-11-27', '2026-11-28', '2026-11-29', '2026-11-30']);
  const busy = Array.from(spend.byTarget.get('busy') ?? [], (nanos) => formatUsd(nanos));
  expect(busy.slice(0, 3)).toEqual(['12.50', '12.50', '12.50']);
  // A quarter of today.
  expect(Number(busy[3])).toBeCloseTo(12.5 / 4, 1);
  expect(spend.unpriced).toEqual([]);
  const unpriced = [tokens('odd', () => 1_000, { model: 'unheard-of' })];
  const odd = await readSpend(testContext(db.storage, scope, unpriced, now), scope, 'agent', {
    count: 3,
    withToday: false,
    now,
  });
  expect(odd).toMatchObject({ unpriced: ['acme/unheard-of'] });
  // What the agent has priced by itself counts.
  const metered = [...unpriced, { ...tokens('odd', () => 2, { model: 'unheard-of' }) }].map((one, at) =>
    at === 0 ? one : { ...one, labels: { ...one.labels, __name__: 'llm_cost_usd_total' } },
  );
  const own = await readSpend(testContext(db.storage, scope, metered, now), scope, 'agent', {
    count: 2,
    withToday: false,
    now,
  });
  expect(own.unpriced).toEqual([]);
  expect(formatUsd(Math.round(own.byTarget.get('odd')?.[0] ?? 0))).toBe('2.00');
});

test('10.00 becomes 12.50 for the agent that wants it, from the one that does not; applied, undone, and in the history', async () => {
  const scope = await newTenant('acme', { busy: {}, calm: {} });
  const context = testContext(db.storage, scope, series, now, jobId(1));
  const result = rebalanceSchema.parse(await budgetRebalance.run({ period: 'day' }, context));
  expect(result).toMatchObject({
    state: 'proposed',
    total: { from: '20.00', to: '20.00' },
    isBetter: true,
    verdict: expect.stringContaining('better than as it was, as good as by mean: 100.0 % of what was wanted'),
    unmet: { from: { mean: '2.50' }, to: { mean: '0.00' } },
    gain: { mean: '2.50' },
  });
  const [busy, calm] = result.moves;
  expect(busy).toMatchObject({ target: 'busy', from: '10.00', to: '12.50', delta: '2.50' });
  expect(calm).toMatchObject({ target: 'calm', from: '10.00', to: '7.50', delta: '-2.50' });
  expect(busy?.reason).toMatch(
    /^a dollar more is worth 1.00, and 0.00 with the new amount; it wants 12.50 .* 40 of 40$/u,
  );

  const { budgets } = db.storage;
  // The same job again, after its first attempt was lost, is the same proposal.
  expect(await budgetRebalance.run({ period: 'day' }, context)).toEqual(result);
  expect((await budgets.rebalances(scope, { limit: 10 })).items).toHaveLength(1);
  await budgets.apply(scope, jobId(1), amountsOf(result), actor);
  const amounts = async () => (await budgets.list(scope)).map(({ amount }) => formatUsd(amount));
  expect(await amounts()).toEqual(['12.50', '7.50']);
  await expect(budgets.apply(scope, jobId(1), amountsOf(result), actor)).rejects.toMatchObject({
    code: 'budgets/state',
  });
  expect(await budgets.undo(scope, jobId(1), actor)).toMatchObject({ state: 'undone', undoneBy: 'ann' });
  expect(await amounts()).toEqual(['10.00', '10.00']);
  const changes = await budgets.changes(scope, 'busy', { limit: 2 });
  expect(changes.items).toMatchObject([
    { kind: 'undone', from: '12.50', to: '10.00' },
    { kind: 'rebalanced', from: '10.00', to: '12.50', rebalance: jobId(1), reason: busy?.reason },
  ]);
  expect((await budgets.changes(scope, 'busy', { limit: 2, cursor: changes.next })).items).toMatchObject([
    { kind: 'set', from: null, to: '10.00' },
  ]);
});

test('a budget that was changed meanwhile is not overwritten, and nothing is half applied', async () => {
  const scope = await newTenant('changed', { busy: {}, calm: {} });
  const context = testContext(db.storage, scope, series, now, jobId(2));
  const result = rebalanceSchema.parse(await budgetRebalance.run({ period: 'day' }, context));
  const calm = await db.storage.budgets.find(scope, 'calm');
  if (calm === undefined) throw new Error('expected a budget');
  await db.storage.budgets.put(scope, { ...calm, amount: 11_000_000_000 }, actor);
  await expect(db.storage.budgets.apply(scope, jobId(2), amountsOf(result), actor)).rejects.toMatchObject({
    code: 'budgets/changed',
    message: 'budget calm: 10.00 USD the proposal began with, and now it is 11.00',
  });
  expect((await db.storage.budgets.find(scope, 'busy'))?.amount).toBe(10_000_000_000);
});

test('bounds hold, failed calls count for nothing, and by itself only what may be moved is', async () => {
  const scope = await newTenant('bounds', {
    busy: { maximum: 10_500_000_000, automatic: true },
    calm: { minimum: 9_000_000_000, automatic: true },
  });
  const run = (payload: object, number: number) =>
    budgetRebalance.run({ period: 'day', ...payload }, testContext(db.storage, scope, series, now, jobId(number)));
  const result = rebalanceSchema.parse(await run({ apply: 'if-better' }, 3));
  expect(result.state).toBe('applied');
  expect(result.moves.map(({ to }) => to)).toEqual(['10.50', '9.50']);
  // The history says that a job has done it.
  expect((await db.storage.budgets.changes(scope, 'busy', { limit: 1 })).items[0]?.by).toBe(`job ${jobId(3)}`);
  await db.storage.budgets.undo(scope, jobId(3), actor);
  const calm = await db.storage.budgets.find(scope, 'calm');
  if (calm === undefined) throw new Error('expected a budget');
  await db.storage.budgets.put(scope, { ...calm, automatic: false }, actor);
  expect(await run({ apply: 'if-better' }, 4)).toMatchObject({ state: 'proposed' });
  const found = await db.storage.budgets.rebalance(scope, jobId(4));
  const tried = tryAmounts(found?.basis, new Map([['busy', parseUsd('12.00') ?? 0]]));
  expect(tried.broken).toEqual(['the sum is 22.00 USD, and was 20.00', 'busy: expected at most 10.50 USD']);
  expect(tried.gain.mean).toBe('2.00');
});

test('without two budgets that something was spent of there is nothing to say, and why is said', async () => {
  const scope = await newTenant('alone', { busy: {}, ghost: {} });
  await expect(
    budgetRebalance.run({ period: 'day' }, testContext(db.storage, scope, series, now, jobId(5))),
  ).rejects.toMatchObject({
    code: 'jobs/budgets',
    retryable: false,
    message:
      'budgets: expected at least 2 by day for agents with something spent, got 1 (ghost: nothing was metered of ghost)',
  });
  await expect(
    budgetRebalance.run({ budgets: ['busy', 'nope'] }, testContext(db.storage, scope, series, now)),
  ).rejects.toThrow('there is no budget "nope"');
});
