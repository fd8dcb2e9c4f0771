/** Anomalies that are put into series that were recorded, so that it is known what there is to be found. */
import { median } from '../../stats/median.ts';
import { nextRandomState, randomOf } from '../../stats/random.ts';

export const injectionKinds = ['spike', 'shift', 'drift', 'burst'] as const;
export type InjectionKind = (typeof injectionKinds)[number];

export interface Injection {
  readonly kind: InjectionKind;
  /** Robust standard deviations that it moves the series by. */
  readonly sigmas: number;
  /** Its first step, and the first after it. */
  readonly from: number;
  readonly to: number;
}

/** Steps that each lasts. */
const lasting: Readonly<Record<InjectionKind, number>> = { spike: 2, shift: 20, drift: 30, burst: 15 };
const sizes = [4, 7, 12] as const;
/** Steps that are near each other. */
const near = 30;
const normalConsistency = 1.4826;
/** Of a series that hardly ever moves, this share of its value counts as its spread. */
const leastSpread = 0.01;

/**
 * One in each stretch of equal length, at a place that chance decides, the kinds and sizes by turns.
 *
 * @param from  where the time that is tried on begins
 */
export function placeInjections(count: number, from: number, segments: number, seed: number): readonly Injection[] {
  let state = seed >>> 0;
  const length = Math.floor((count - from) / segments);
  return Array.from({ length: segments }, (_, at) => {
    const kind = injectionKinds[at % injectionKinds.length] ?? 'spike';
    const room = length - lasting[kind] - 10;
    state = nextRandomState(state);
    const start = from + at * length + 5 + Math.floor(randomOf(state) * Math.max(1, room));
    const sigmas = sizes[Math.floor(at / injectionKinds.length) % sizes.length] ?? 7;
    return { kind, sigmas, from: start, to: start + lasting[kind] };
  });
}

/** How far values usually are from others of the same half hour or so: what an anomaly has to stand out from. */
export function spreadOf(values: Float64Array): number {
  const spreads: number[] = [];
  for (let from = 0; from + near <= values.length; from += near) {
    const some = values.subarray(from, from + near);
    const middle = median(some);
    spreads.push(normalConsistency * median(some.map((value) => Math.abs(value - middle))));
  }
  const spread = spreads.length === 0 ? 0 : median(spreads);
  return Math.max(spread, leastSpread * Math.abs(median(values)), Number.MIN_VALUE);
}

/** @returns a copy of the values with the anomalies in it */
export function inject(
  values: Float64Array,
  injections: readonly Injection[],
  spread: number,
  seed: number,
): Float64Array {
  const moved = values.slice();
  let state = seed >>> 0;
  for (const { kind, sigmas, from, to } of injections) {
    for (let at = from; at < Math.min(to, moved.length); at++) {
      state = nextRandomState(state);
      const share = kind === 'drift' ? (at - from + 1) / (to - from) : kind === 'burst' ? 2 * randomOf(state) - 1 : 1;
      moved[at] = (moved[at] ?? 0) + share * sigmas * spread;
    }
  }
  return moved;
}
