import { expect, test } from 'vitest';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import { allocate, allocateByMean, servedBy, type Claimant } from './allocation.ts';
import { drawFutures } from './demand.ts';
import { backtestRebalance, rebalance, simulate, type BudgetPast } from './rebalance.ts';

const cent = 10_000_000;
const usd = (dollars: number): number => Math.round(dollars * 1e9);
const claimant = (from: number, demand: readonly number[], more: Partial<Claimant> = {}): Claimant => ({
  from: usd(from),
  low: 0,
  high: usd(1_000),
  demand: Float64Array.from(demand, usd),
  value: 1,
  ...more,
});

test('money moves to where it is wanted, to the cent, and no further than it is: 10.00 -> 12.50', () => {
  const wants = claimant(10, [12.5, 12.5, 12.5, 12.5]);
  const spares = claimant(10, [6, 6, 6, 6]);
  expect(allocate([wants, spares], cent)).toEqual([usd(12.5), usd(7.5)]);
  // As far as a step and a minimum let it.
  expect(allocate([{ ...wants, high: usd(11) }, spares], cent)).toEqual([usd(11), usd(9)]);
  expect(allocate([wants, { ...spares, low: usd(9.75) }], cent)).toEqual([usd(10.25), usd(9.75)]);
});

test('nothing moves where that gains nothing, and nothing can where bounds do not let it', () => {
  expect(allocate([claimant(10, [5, 6]), claimant(3, [1, 2])], cent)).toEqual([usd(10), usd(3)]);
  expect(allocate([claimant(10, [20]), claimant(10, [20])], cent)).toEqual([usd(10), usd(10)]);
  expect(allocate([claimant(10, [20], { low: usd(15) }), claimant(10, [20], { low: usd(10) })], cent)).toBeUndefined();
});

test('what is worth three times as much is served first', () => {
  expect(allocate([claimant(10, [15, 25]), claimant(10, [15, 25], { value: 3 })], cent)).toEqual([0, usd(20)]);
});

test('the amounts are the best that there are: as good as the best of all that can be tried', () => {
  let state = 7;
  const random = (below: number): number => {
    state = nextRandomState(state);
    return Math.floor(randomOf(state) * below);
  };
  for (let round = 0; round < 40; round++) {
    const claimants = Array.from({ length: 3 }, (): Claimant => {
      const from = 4 + random(8);
      return {
        from,
        low: Math.max(0, from - 1 - random(4)),
        high: from + 1 + random(4),
        demand: Float64Array.from({ length: 5 }, () => random(20) + randomOf(state)),
        value: 1 + random(3),
      };
    });
    const total = claimants.reduce((sum, { from }) => sum + from, 0);
    const valueOf = (amounts: readonly number[]): number =>
      claimants.reduce((sum, one, at) => sum + one.value * servedBy(one, amounts[at] ?? 0), 0);
    let best = -Infinity;
    const [a, b, c] = claimants;
    for (let x = a?.low ?? 0; x <= (a?.high ?? 0); x++) {
      for (let y = b?.low ?? 0; y <= (b?.high ?? 0); y++) {
        const z = total - x - y;
        if (z >= (c?.low ?? 0) && z <= (c?.high ?? 0)) best = Math.max(best, valueOf([x, y, z]));
      }
    }
    const found = allocate(claimants, 1) ?? [];
    expect(found.reduce((sum, amount) => sum + amount, 0)).toBe(total);
    expect(valueOf(found)).toBeCloseTo(best, 9);
  }
});

test('by what is wanted on average keeps sum and bounds, too', () => {
  const amounts = allocateByMean([claimant(10, [10, 30]), claimant(10, [5]), claimant(10, [5], { low: usd(8) })]);
  expect(amounts.map((amount) => Math.round(amount / 1e9))).toEqual([18, 4, 8]);
});

test('futures are sums of days that came together, the same for a seed', () => {
  const days = [
    Float64Array.from({ length: 28 }, (_, day) => day),
    Float64Array.from({ length: 28 }, (_, day) => 2 * day),
  ];
  const [one, two] = drawFutures(days, 30, 200, 3);
  expect(Array.from(two ?? [])).toEqual(Array.from(one ?? [], (sum) => 2 * sum));
  expect(drawFutures(days, 30, 200, 3)[0]).toEqual(one);
  expect((one ?? new Float64Array()).reduce((sum, total) => sum + total, 0) / 200).toBeCloseTo(30 * 13.5, -2);
});

/** One agent that is steady, one whose days are calm or wild: what it wants on average says too little of it. */
function pasts(days: number): BudgetPast[] {
  let state = 11;
  const wild = Float64Array.from({ length: days }, () => {
    state = nextRandomState(state);
    return randomOf(state) < 0.3 ? usd(30) : usd(2);
  });
  const common = { from: usd(15), minimum: 0, maximum: usd(100), value: 1 };
  return [
    { ...common, days: wild },
    { ...common, days: new Float64Array(days).fill(usd(9)) },
  ];
}
const options = { periodDays: 1, maxStep: 0.5, unit: cent, draws: 200, seed: 1 };

test('a wild agent gets what a steady one never uses, which serves more on days that were not known, and says how much', () => {
  const past = pasts(80);
  const found = rebalance(past, options);
  expect(found?.shifts.map(({ to }) => to)).toEqual([usd(21), usd(9)]);
  expect(found?.gain.mean).toBeGreaterThan(0);
  expect(found?.confidence).toBe(1);
  expect(found?.unmet.to.mean).toBeLessThan(found?.unmet.from.mean ?? 0);
  const test = backtestRebalance(past, options);
  expect(test).toMatchObject({ fitDays: 60, testDays: 20 });
  const [ours, asItWas, byMean] = test?.rows ?? [];
  expect(ours?.unmet).toBeLessThan(asItWas?.unmet ?? 0);
  expect(ours?.unmet).toBeLessThan(byMean?.unmet ?? 0);
});

test('other amounts are tried in the same futures; where there are few days nothing is claimed', () => {
  const past = pasts(40);
  const same = simulate(past, [usd(15), usd(15)], options);
  expect(same.gain).toEqual({ mean: 0, low: 0, high: 0 });
  const [to] = [rebalance(past, options)?.shifts.map((one) => one.to) ?? []];
  expect(simulate(past, to, options).gain).toEqual(rebalance(past, options)?.gain);
  expect(simulate(past, [usd(9), usd(21)], options).gain.mean).toBeLessThan(0);
  expect(backtestRebalance(pasts(7), options)).toBeUndefined();
});

test('a month is drawn from days, and its amounts are tried for as many days as there are', () => {
  const past = pasts(60).map((one) => ({ ...one, from: 30 * one.from, maximum: 30 * one.maximum }));
  const monthly = { ...options, periodDays: 30 };
  const found = rebalance(past, monthly);
  expect(found?.shifts.reduce((sum, { to }) => sum + to, 0)).toBe(30 * usd(30));
  expect(backtestRebalance(past, monthly)?.rows).toHaveLength(3);
});
