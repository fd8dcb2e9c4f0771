/** How many of its lookups a cache answers, and how many it would at other sizes: from what was measured. Pure. */
import type { CacheReport } from '@tarsier/protocol/api';
import { jackknife, round } from '../optimise/score.ts';

/** Of a cache, in time order, a value for each step. */
export interface CachePast {
  readonly hits: Float64Array;
  readonly misses: Float64Array;
  /** NaN where nothing tells. */
  readonly bytes: Float64Array;
}

type Curve = Pick<CacheReport, 'curve' | 'workingSet' | 'curveTest'>;

interface Bin {
  readonly bytes: number;
  readonly ratio: number;
  readonly weight: number;
  /** Of the ratio, by how much steps of the same size differ. */
  readonly error: number;
}

const bins = 12;
/** Sizes have to differ at least so much, in so many steps, to say anything of others. */
const leastSpread = 1.2;
const leastSteps = 24;
const z95 = 1.96;
const toZ95 = 1.96 / 1.2816;
/** What is beyond the sizes that it had, relative to the largest. */
const beyond = [1.25, 1.5, 2] as const;
const fewMore = 0.01;

export function ratioOf({ hits, misses }: CachePast): {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
} {
  const of = (skip: (at: number) => boolean): number => {
    let [hit, all] = [0, 0];
    for (const [at, count] of hits.entries()) {
      if (skip(at)) continue;
      hit += count;
      all += count + (misses[at] ?? 0);
    }
    return all === 0 ? 0 : hit / all;
  };
  const ratio = of(() => false);
  const half = toZ95 * jackknife((block) => of((at) => Math.floor((at * 12) / hits.length) === block));
  return { ratio, low: Math.max(0, ratio - half), high: Math.min(1, ratio + half) };
}

/**
 * Hit ratios by size never fall (as of any cache that drops what was used longest ago: Mattson et al. 1970): means of
 * sizes that were measured, made monotone (pooling of adjacent violators, Ayer et al. 1955); beyond the largest by
 * `limit x size / (size + half)`.
 */
export function curveOf(past: CachePast): Curve {
  const steps = stepsOf(past);
  const sizes = steps.map(({ bytes }) => bytes);
  if (steps.length < leastSteps || Math.max(...sizes) < leastSpread * Math.min(...sizes)) {
    return { curve: [], workingSet: null, curveTest: null };
  }
  const measured = monotone(binsOf(steps));
  const form = formOf(measured);
  const largest = measured.at(-1);
  const last = largest?.ratio ?? 0;
  const curve = [
    ...measured.map(({ bytes, ratio, error }) => ({
      bytes,
      ratio,
      low: Math.max(0, ratio - z95 * error),
      high: Math.min(1, ratio + z95 * error),
      isMeasured: true,
    })),
    ...beyond.map((times) => {
      const bytes = (largest?.bytes ?? 0) * times;
      const ratio = form(bytes);
      return { bytes, ratio, low: last, high: Math.min(1, ratio + (ratio - last)), isMeasured: false };
    }),
  ];
  const most = curve.at(-1)?.ratio ?? 0;
  const enough = curve.find(({ ratio }) => most - ratio < fewMore);
  return {
    curve,
    workingSet:
      enough === undefined
        ? null
        : {
            bytes: enough.bytes,
            reason: enough.isMeasured
              ? 'measured: beyond it less than 1 % of lookups would be hits that are none now'
              : 'beyond all sizes that it had: by the form of the curve',
          },
    curveTest: testOf(steps),
  };
}

interface Step {
  readonly bytes: number;
  readonly hits: number;
  readonly all: number;
}

function stepsOf({ hits, misses, bytes }: CachePast): Step[] {
  return Array.from(hits, (hit, at) => ({
    bytes: bytes[at] ?? Number.NaN,
    hits: hit,
    all: hit + (misses[at] ?? 0),
  })).filter((step) => step.all > 0 && step.bytes > 0);
}

function binsOf(steps: readonly Step[]): Bin[] {
  const sorted = steps.toSorted((a, b) => a.bytes - b.bytes);
  return Array.from({ length: bins }, (_, bin) =>
    sorted.slice(Math.floor((bin * sorted.length) / bins), Math.floor(((bin + 1) * sorted.length) / bins)),
  ).flatMap((of): Bin[] => {
    const all = of.reduce((sum, step) => sum + step.all, 0);
    if (all === 0) return [];
    const ratio = of.reduce((sum, step) => sum + step.hits, 0) / all;
    const squares = of.reduce((sum, step) => sum + (step.hits / step.all - ratio) ** 2, 0);
    const error = of.length < 2 ? 0.5 : Math.sqrt(squares / (of.length - 1) / of.length);
    return [{ bytes: of.reduce((sum, step) => sum + step.bytes * step.all, 0) / all, ratio, weight: all, error }];
  });
}

/** Neighbours that fall are given their mean, until none do. */
function monotone(of: readonly Bin[]): readonly Bin[] {
  const pools: { ratio: number; weight: number; members: Bin[] }[] = [];
  for (const bin of of) {
    let pool = { ratio: bin.ratio, weight: bin.weight, members: [bin] };
    for (let before = pools.at(-1); before !== undefined && before.ratio > pool.ratio; before = pools.at(-1)) {
      pools.pop();
      const weight = before.weight + pool.weight;
      pool = {
        ratio: (before.ratio * before.weight + pool.ratio * pool.weight) / weight,
        weight,
        members: [...before.members, ...pool.members],
      };
    }
    pools.push(pool);
  }
  return pools.flatMap(({ ratio, members }) => members.map((bin) => ({ ...bin, ratio })));
}

/**
 * How the ratio goes on beyond the largest size: from what was measured there, as the form with the least squares over
 * the larger half of the sizes rises. For each half the best limit is known; halves are tried.
 */
function formOf(all: readonly Bin[]): (bytes: number) => number {
  const of = all.slice(Math.floor(all.length / 2));
  const last = of.at(-1);
  const largest = last?.bytes ?? 1;
  let best = { error: Infinity, limit: 0, half: 1 };
  for (let power = -12; power <= 6; power += 0.25) {
    const half = largest * 2 ** power;
    let [xy, xx] = [0, 0];
    for (const { bytes, ratio, weight } of of) {
      const x = bytes / (bytes + half);
      xy += weight * x * ratio;
      xx += weight * x * x;
    }
    const limit = Math.min(1, xx === 0 ? 0 : xy / xx);
    const error = of.reduce(
      (sum, { bytes, ratio, weight }) => sum + weight * ((limit * bytes) / (bytes + half) - ratio) ** 2,
      0,
    );
    if (error < best.error) best = { error, limit, half };
  }
  const at = (bytes: number): number => (best.limit * bytes) / (bytes + best.half);
  return (bytes) => Math.min(1, (last?.ratio ?? 0) + Math.max(0, at(bytes) - at(largest)));
}

/** By three quarters of the steps, on the last one. */
function testOf(steps: readonly Step[]): CacheReport['curveTest'] {
  const cut = Math.ceil(steps.length * 0.75);
  const [past, later] = [steps.slice(0, cut), steps.slice(cut)];
  const all = later.reduce((sum, step) => sum + step.all, 0);
  const measured = monotone(binsOf(past));
  if (later.length === 0 || all === 0 || measured.length < 2) return null;
  const form = formOf(measured);
  const mean = past.reduce((sum, step) => sum + step.hits, 0) / past.reduce((sum, step) => sum + step.all, 0);
  const errorOf = (predict: (bytes: number) => number): number =>
    later.reduce((sum, step) => sum + step.all * Math.abs(predict(step.bytes) - step.hits / step.all), 0) / all;
  const error = errorOf((bytes) => at(measured, form, bytes));
  const baselineError = errorOf(() => mean);
  const isBetter = error < baselineError;
  return {
    error,
    baselineError,
    isBetter,
    verdict: `${isBetter ? 'better' : 'not better'} than the mean ratio of before: off by ${round(100 * error)} points of 100, that by ${round(100 * baselineError)}`,
  };
}

function at(measured: readonly Bin[], form: (bytes: number) => number, bytes: number): number {
  const last = measured.at(-1);
  if (last === undefined || bytes >= last.bytes) return form(bytes);
  const next = measured.findIndex((bin) => bin.bytes > bytes);
  const [low, high] = [measured[next - 1], measured[next]];
  if (low === undefined || high === undefined) return high?.ratio ?? 0;
  return low.ratio + ((high.ratio - low.ratio) * (bytes - low.bytes)) / Math.max(1, high.bytes - low.bytes);
}
