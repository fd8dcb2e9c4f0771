/** Amounts of budgets that serve more of what is wanted for the same sum, and what that is worth. Money is whole. */
import { quantileOf } from '../../stats/quantile.ts';
import { meanOf } from '../../stats/mean.ts';
import { allocate, allocateByMean, marginalAt, servedBy, valueIn, type Claimant } from './allocation.ts';
import { drawFutures } from './demand.ts';

/** A budget, and what was spent of it. */
export interface BudgetPast {
  readonly from: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Of each wanted unit that it serves. */
  readonly value: number;
  /** Oldest first, whole days. */
  readonly days: Float64Array;
}

export interface RebalanceOptions {
  /** Of what an amount is for. */
  readonly periodDays: number;
  /** Largest change of an amount, as a share of it. */
  readonly maxStep: number;
  /** Amounts change by multiples of it. */
  readonly unit: number;
  readonly draws: number;
  readonly seed: number;
}

export interface Interval {
  readonly mean: number;
  /** 80 %. */
  readonly low: number;
  readonly high: number;
}

export interface BudgetShift {
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly demand: Interval;
  readonly served: { readonly from: number; readonly to: number };
  readonly marginal: { readonly from: number; readonly to: number };
}

export interface Effect {
  readonly unmet: { readonly from: Interval; readonly to: Interval };
  readonly gain: Interval;
  /** Share of the futures in which it gains, of those in which it makes a difference. */
  readonly confidence: number;
}

export interface Rebalancing extends Effect {
  readonly shifts: readonly BudgetShift[];
}

export const backtestNames = ['rebalanced', 'as-it-was', 'by-mean'] as const;

export interface RebalanceBacktest {
  readonly fitDays: number;
  readonly testDays: number;
  readonly rows: readonly {
    readonly name: (typeof backtestNames)[number];
    readonly unmet: number;
    readonly served: number;
  }[];
}

/** Of so many days at least the last quarter says something. */
export const leastDays = 8;

/** @returns undefined when minima, maxima and steps leave no way to keep the sum */
export function rebalance(pasts: readonly BudgetPast[], options: RebalanceOptions): Rebalancing | undefined {
  const claimants = claimantsOf(pasts, options);
  const amounts = allocate(claimants, options.unit);
  if (amounts === undefined) return undefined;
  return {
    ...effectOf(claimants, amounts),
    shifts: claimants.map((one, at) => {
      const to = amounts[at] ?? one.from;
      return {
        to,
        low: one.low,
        high: one.high,
        demand: intervalOf(one.demand),
        served: { from: servedBy(one, one.from), to: servedBy(one, to) },
        marginal: { from: marginalAt(one, one.from), to: marginalAt(one, to) },
      };
    }),
  };
}

/** What any amounts would do, in the same futures. */
export function simulate(
  pasts: readonly BudgetPast[],
  amounts: readonly number[],
  options: RebalanceOptions,
): Effect & { readonly served: readonly { readonly from: number; readonly to: number }[] } {
  const claimants = claimantsOf(pasts, options);
  return {
    ...effectOf(claimants, amounts),
    served: claimants.map((one, at) => ({
      from: servedBy(one, one.from),
      to: servedBy(one, amounts[at] ?? one.from),
    })),
  };
}

/** Amounts by the first three quarters of the days, tried on the last one beside two plain ways, in the same bounds. */
export function backtestRebalance(
  pasts: readonly BudgetPast[],
  options: RebalanceOptions,
): RebalanceBacktest | undefined {
  const days = pasts[0]?.days.length ?? 0;
  if (days < leastDays) return undefined;
  const testDays = Math.floor(days / 4);
  const fitDays = days - testDays;
  // A month is longer than what it is tried on: amounts are taken for as many days as there are.
  const spanDays = Math.min(options.periodDays, testDays);
  const scale = spanDays / options.periodDays;
  const scaled = pasts.map((past) => ({
    ...past,
    from: Math.round(past.from * scale),
    minimum: Math.round(past.minimum * scale),
    maximum: past.maximum * scale,
    days: past.days.subarray(0, fitDays),
  }));
  const claimants = claimantsOf(scaled, { ...options, periodDays: spanDays });
  const unit = Math.max(1, Math.floor(options.unit * scale));
  const ways = [
    allocate(claimants, unit) ?? claimants.map(({ from }) => from),
    claimants.map(({ from }) => from),
    allocateByMean(claimants),
  ];
  const spans = Math.floor(testDays / spanDays);
  const tests = pasts.map((past) =>
    Float64Array.from({ length: spans }, (_, span) =>
      past.days
        .subarray(days - (spans - span) * spanDays, days - (spans - span - 1) * spanDays)
        .reduce((sum, day) => sum + day, 0),
    ),
  );
  return {
    fitDays,
    testDays,
    rows: backtestNames.map((name, way) => {
      let [unmet, served, wanted] = [0, 0, 0];
      for (const [at, { value }] of pasts.entries()) {
        const amount = ways[way]?.[at] ?? 0;
        for (const demand of tests[at] ?? []) {
          unmet += Math.max(0, demand - amount);
          served += value * Math.min(demand, amount);
          wanted += value * demand;
        }
      }
      return { name, unmet, served: wanted === 0 ? 1 : served / wanted };
    }),
  };
}

function claimantsOf(pasts: readonly BudgetPast[], { periodDays, maxStep, draws, seed }: RebalanceOptions): Claimant[] {
  const futures = drawFutures(
    pasts.map(({ days }) => days),
    periodDays,
    draws,
    seed,
  );
  return pasts.map(({ from, minimum, maximum, value }, at) => {
    const step = Math.floor(from * maxStep);
    // One that is out of its bounds now comes as near to them as the step allows, and is never made to go further.
    const low = Math.min(Math.max(minimum, from - step), from + step);
    const high = Math.max(Math.min(maximum, from + step), from - step);
    return { from, low, high: Math.max(low, high), demand: futures[at] ?? new Float64Array(), value };
  });
}

function effectOf(claimants: readonly Claimant[], amounts: readonly number[]): Effect {
  const futures = claimants[0]?.demand.length ?? 0;
  const gains = new Float64Array(futures);
  const before = new Float64Array(futures);
  const after = new Float64Array(futures);
  for (let future = 0; future < futures; future++) {
    for (const [at, one] of claimants.entries()) {
      const to = amounts[at] ?? one.from;
      const wanted = one.demand[future] ?? 0;
      gains[future] = (gains[future] ?? 0) + valueIn(one, future, to) - valueIn(one, future, one.from);
      before[future] = (before[future] ?? 0) + Math.max(0, wanted - one.from);
      after[future] = (after[future] ?? 0) + Math.max(0, wanted - to);
    }
  }
  const [better, worse] = [gains.filter((gain) => gain > 0).length, gains.filter((gain) => gain < 0).length];
  return {
    unmet: { from: intervalOf(before), to: intervalOf(after) },
    gain: intervalOf(gains),
    confidence: better + worse === 0 ? 0 : better / (better + worse),
  };
}

function intervalOf(values: Float64Array): Interval {
  const sorted = values.toSorted();
  return { mean: meanOf(values), low: quantileOf(sorted, 0.1), high: quantileOf(sorted, 0.9) };
}
