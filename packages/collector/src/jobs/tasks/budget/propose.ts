/** From budgets and what was spent of them to a proposal, in words and money. */
import { formatUsd, maxUsd, parseUsd, TarsierError, type Nanos, type UnixMs } from '@tarsier/protocol';
import type { BudgetMove, Rebalance, RebalanceSimulation } from '@tarsier/protocol/api';
import { z } from 'zod';
import {
  backtestRebalance,
  rebalance,
  simulate,
  type BudgetPast,
  type BudgetShift,
  type Effect,
  type Interval,
  type RebalanceBacktest,
  type RebalanceOptions,
} from '../../../learn/budgeting/rebalance.ts';
import type { StoredBudget } from '../../../storage/budgets.ts';

/** A budget that takes part. */
export interface Contender {
  readonly budget: StoredBudget;
  /** Oldest first, whole days. */
  readonly days: Float64Array;
  /** Share of its calls that did not fail. */
  readonly success: number;
}

export const rebalanceMethod =
  'newsvendor with one sum (Hadley & Whitin 1963): each cent goes to where it is most often wanted, by futures drawn from the past in blocks of a week';

/** Shares of what is served that differ by less are the same. */
const same = 1e-6;

/** What other amounts are tried with: kept with the proposal. */
const basisSchema = z.object({
  options: z.object({
    periodDays: z.number(),
    maxStep: z.number(),
    unit: z.number(),
    draws: z.number(),
    seed: z.number(),
  }),
  pasts: z.array(
    z.object({
      budget: z.string(),
      from: z.number(),
      minimum: z.number(),
      maximum: z.number(),
      value: z.number(),
      days: z.array(z.number()).transform((days) => Float64Array.from(days)),
    }),
  ),
});

export function basisOf(contenders: readonly Contender[], options: RebalanceOptions): unknown {
  return {
    options,
    pasts: contenders.map((one) => {
      const past = pastOf(one);
      return { budget: one.budget.id, ...past, days: Array.from(past.days) };
    }),
  };
}

/** @throws {TarsierError} `jobs/budgets` when the bounds leave no way to keep the sum */
export function propose(
  contenders: readonly Contender[],
  options: RebalanceOptions,
  about: Pick<Rebalance, 'id' | 'createdAt' | 'period' | 'unpriced' | 'left'>,
): Rebalance {
  const pasts = contenders.map(pastOf);
  const found = rebalance(pasts, options);
  if (found === undefined) {
    throw new TarsierError('jobs/budgets', 'budgets: their minima, maxima and steps leave no way to keep their sum');
  }
  const moves = contenders.flatMap((one, at) => {
    const shift = found.shifts[at];
    return shift === undefined ? [] : [moveOf(one, shift, found, options)];
  });
  const total = formatUsd(contenders.reduce((sum, { budget }) => sum + budget.amount, 0));
  const tested = backtestRebalance(pasts, options);
  return {
    kind: 'budget.rebalance',
    version: 1,
    ...about,
    state: 'proposed',
    currency: 'USD',
    method: rebalanceMethod,
    total: { from: total, to: total },
    moves,
    ...effectText(found),
    ...(tested === undefined
      ? {}
      : {
          backtest: {
            ...tested,
            rows: tested.rows.map((row) => ({ ...row, unmet: usd(row.unmet) })),
          },
        }),
    ...verdictOf(tested, moves),
  };
}

/** @returns what amounts, of those that are named, would do; the others stay as they were when it was proposed */
export function tryAmounts(basis: unknown, amounts: ReadonlyMap<string, Nanos>): RebalanceSimulation {
  const { options, pasts } = basisSchema.parse(basis);
  const tried = pasts.map(({ budget, from }) => amounts.get(budget) ?? from);
  const { served, ...effect } = simulate(pasts, tried, options);
  const [from, to] = [sumOf(pasts.map((past) => past.from)), sumOf(tried)];
  const broken = [...amounts.keys()]
    .filter((id) => !pasts.some(({ budget }) => budget === id))
    .map((id) => `${id}: it is no part of this proposal`);
  if (from !== to) broken.push(`the sum is ${formatUsd(to)} USD, and was ${formatUsd(from)}`);
  for (const [at, { budget, from: now, minimum, maximum }] of pasts.entries()) {
    const amount = tried[at] ?? now;
    if (amount !== now && amount < minimum) broken.push(`${budget}: expected at least ${formatUsd(minimum)} USD`);
    if (amount !== now && amount > maximum) broken.push(`${budget}: expected at most ${formatUsd(maximum)} USD`);
  }
  return {
    total: { from: formatUsd(from), to: formatUsd(to) },
    moves: pasts.map(({ budget, from: now }, at) => ({
      budget,
      from: formatUsd(now),
      to: formatUsd(tried[at] ?? now),
      served: { from: usd(served[at]?.from ?? 0), to: usd(served[at]?.to ?? 0) },
    })),
    ...effectText(effect),
    broken,
  };
}

/** Of a proposal, by budget. */
export function amountsOf({ moves }: Pick<Rebalance, 'moves'>): ReadonlyMap<string, Nanos> {
  return new Map(moves.map(({ budget, to }) => [budget, parseUsd(to) ?? 0]));
}

/** How often an amount would have been spent wholly, in stretches of the past as long as it is for. */
export function exhaustion(days: Float64Array, amount: Nanos, periodDays: number): BudgetMove['exhausted'] {
  const of = Math.floor(days.length / periodDays);
  let periods = 0;
  for (let back = 1; back <= of; back++) {
    const span = days.subarray(days.length - back * periodDays, days.length - (back - 1) * periodDays);
    if (sumOf(span) >= amount) periods++;
  }
  return { periods, of };
}

export function periodStart(period: StoredBudget['period'], now: UnixMs): UnixMs {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), period === 'month' ? 1 : date.getUTCDate());
}

function pastOf({ budget, days, success }: Contender): BudgetPast {
  return {
    from: budget.amount,
    minimum: budget.minimum ?? 0,
    maximum: budget.maximum ?? maxUsd * 1e9,
    value: budget.weight * success,
    days,
  };
}

function moveOf(
  { budget, days, success }: Contender,
  shift: BudgetShift,
  { confidence }: Effect,
  { periodDays }: RebalanceOptions,
): BudgetMove {
  const { to, low, high, demand, served, marginal } = shift;
  const { amount } = budget;
  const exhausted = exhaustion(days, amount, periodDays);
  const wanted = `it wants ${usd(demand.mean)} on average, and ${usd(demand.low)} to ${usd(demand.high)} in 8 of 10 periods`;
  const spent = exhausted.of === 0 ? '' : `; it was spent wholly in ${exhausted.periods} of ${exhausted.of}`;
  const change =
    to > amount
      ? `a dollar more is worth ${marginal.from.toFixed(2)}, and ${marginal.to.toFixed(2)} with the new amount`
      : to < amount
        ? `its last dollars are worth ${marginal.from.toFixed(2)}, and still ${marginal.to.toFixed(2)} with the new amount`
        : `a dollar is worth ${marginal.from.toFixed(2)}: within its bounds no change gains anything`;
  return {
    budget: budget.id,
    kind: budget.kind,
    target: budget.target,
    from: formatUsd(amount),
    to: formatUsd(to),
    delta: formatUsd(to - amount),
    bounds: { low: formatUsd(low), high: formatUsd(high) },
    demand: intervalText(demand),
    served: { from: usd(served.from), to: usd(served.to) },
    marginal,
    success,
    exhausted,
    confidence,
    reason: `${change}; ${wanted}${spent}`,
  };
}

function verdictOf(
  tested: RebalanceBacktest | undefined,
  moves: readonly BudgetMove[],
): Pick<Rebalance, 'isBetter' | 'verdict'> {
  if (moves.every(({ from, to }) => from === to)) {
    return { isBetter: false, verdict: 'nothing to move: no change within the bounds would serve more' };
  }
  if (tested === undefined) return { isBetter: false, verdict: 'not tried: there are too few days' };
  const served = (name: RebalanceBacktest['rows'][number]['name']): number =>
    tested.rows.find((row) => row.name === name)?.served ?? 0;
  const [ours, asItWas, byMean] = [served('rebalanced'), served('as-it-was'), served('by-mean')];
  const isBetter = ours > asItWas + same && ours >= byMean - same;
  const shares = `${percent(ours)} of what was wanted in the last ${tested.testDays} days served, ${percent(asItWas)} as it was, ${percent(byMean)} by mean`;
  const than = !isBetter
    ? `not better than ${ours <= asItWas + same ? 'as it was' : 'by mean'}`
    : ours > byMean + same
      ? 'better than as it was and than by mean'
      : 'better than as it was, as good as by mean';
  return { isBetter, verdict: `${than}: ${shares}` };
}

function effectText({ unmet, gain }: Effect): Pick<Rebalance, 'unmet' | 'gain'> {
  return { unmet: { from: intervalText(unmet.from), to: intervalText(unmet.to) }, gain: intervalText(gain) };
}

const intervalText = ({ mean, low, high }: Interval) => ({ mean: usd(mean), low: usd(low), high: usd(high) });
/** Of what was computed, to the cent or four digits; amounts themselves are exact. */
const usd = (nanos: number): string => {
  const unit = Math.min(1e7, 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(nanos) || 1)) - 3));
  return formatUsd(Math.round(nanos / unit) * unit);
};
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const sumOf = (values: Iterable<number>): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};
