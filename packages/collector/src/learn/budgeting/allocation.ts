/**
 * The best way to give a fixed sum to claimants whose demand is uncertain: the newsvendor problem for many items under
 * one budget (Hadley & Whitin 1963, Analysis of Inventory Systems, section 6-4). What a claimant gets of an amount is
 * its demand, or the amount where that is less; on average over drawn futures that is concave, so that giving each unit
 * where it is worth most is exactly the best.
 */
import { meanOf } from '../../stats/mean.ts';

export interface Claimant {
  /** What it has now, and least and most that it may get: whole numbers. */
  readonly from: number;
  readonly low: number;
  readonly high: number;
  /** What it wants in each drawn future, sorted by nothing: futures are the same ones for all claimants. */
  readonly demand: Float64Array;
  /** Of each wanted unit that it gets, >= 0. */
  readonly value: number;
}

interface Run {
  readonly at: number;
  /** Units from `first` up to, without, `end`; 0 is what it has now. */
  readonly first: number;
  readonly end: number;
  readonly marginal: number;
}

/**
 * Amounts with the sum that there is now, each a whole number of units from what it is now. Nothing moves where that
 * gains nothing.
 *
 * @param unit  a whole number > 0
 * @returns in the order of the claimants; undefined when the bounds leave no way to keep the sum
 */
export function allocate(claimants: readonly Claimant[], unit: number): readonly number[] | undefined {
  const bounds = claimants.map((one) => unitBounds(one, unit));
  let left = -bounds.reduce((sum, { first }) => sum + first, 0);
  if (left < 0 || bounds.reduce((sum, { end }) => sum + end, 0) < 0) return undefined;
  const runs = claimants
    .flatMap((one, at) => runsOf(one, at, bounds[at]?.first ?? 0, bounds[at]?.end ?? 0, unit))
    .toSorted(
      (a, b) =>
        b.marginal - a.marginal || Number(b.first < 0) - Number(a.first < 0) || a.at - b.at || a.first - b.first,
    );
  const taken = bounds.map(({ first }) => first);
  for (const { at, first, end } of runs) {
    if (left === 0) break;
    const units = Math.min(left, end - first);
    taken[at] = (taken[at] ?? 0) + units;
    left -= units;
  }
  return claimants.map(({ from }, at) => from + (taken[at] ?? 0) * unit);
}

/** In the same bounds, by what each wanted on average: what is usually done. */
export function allocateByMean(claimants: readonly Claimant[]): readonly number[] {
  const total = claimants.reduce((sum, { from }) => sum + from, 0);
  const means = claimants.map(({ demand }) => meanOf(demand));
  // The share that all of them get of their mean, so that with the bounds the sum is kept: found by halving.
  let [less, more] = [0, 1];
  const sumAt = (scale: number): number =>
    claimants.reduce((sum, one, at) => sum + clamp((means[at] ?? 0) * scale, one.low, one.high), 0);
  while (sumAt(more) < total && more < 1e12) more *= 2;
  for (let round = 0; round < 100; round++) {
    const middle = (less + more) / 2;
    if (sumAt(middle) < total) less = middle;
    else more = middle;
  }
  return claimants.map((one, at) => Math.floor(clamp((means[at] ?? 0) * more, one.low, one.high)));
}

/** Value of an amount in one drawn future. */
export function valueIn({ demand, value }: Claimant, future: number, amount: number): number {
  return value * Math.min(demand[future] ?? 0, amount);
}

/** What is got of an amount on average. */
export function servedBy({ demand }: Pick<Claimant, 'demand'>, amount: number): number {
  let sum = 0;
  for (const wanted of demand) sum += Math.min(wanted, amount);
  return demand.length === 0 ? 0 : sum / demand.length;
}

/** Value of one more unit: how often it is wanted, times what it is worth then. */
export function marginalAt({ demand, value }: Claimant, amount: number): number {
  let over = 0;
  for (const wanted of demand) if (wanted > amount) over++;
  return demand.length === 0 ? 0 : (value * over) / demand.length;
}

function unitBounds({ from, low, high }: Claimant, unit: number): { readonly first: number; readonly end: number } {
  return { first: Math.ceil((low - from) / unit), end: Math.floor((high - from) / unit) };
}

/** Stretches of units that are worth the same, best first: a stretch ends where some future wants no more. */
function runsOf({ from, demand, value }: Claimant, at: number, first: number, end: number, unit: number): Run[] {
  const last = Float64Array.from(demand, (wanted) => Math.floor((wanted - from) / unit)).toSorted();
  const rest = new Map<number, number>();
  for (const wanted of demand) {
    const step = Math.floor((wanted - from) / unit);
    rest.set(step, (rest.get(step) ?? 0) + (wanted - from - step * unit));
  }
  const cuts = [0, first, end, ...[...rest.keys()].flatMap((step) => [step, step + 1])]
    .filter((cut) => cut >= first && cut <= end)
    .toSorted((a, b) => a - b);
  const runs: Run[] = [];
  let below = 0;
  for (const [index, cut] of cuts.entries()) {
    const next = cuts[index + 1] ?? end;
    if (next <= cut) continue;
    while (below < last.length && (last[below] ?? 0) <= cut) below++;
    const whole = (last.length - below) * unit;
    runs.push({ at, first: cut, end: next, marginal: value * (whole + (rest.get(cut) ?? 0)) });
  }
  return runs;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
