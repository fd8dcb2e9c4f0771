/** Aggregations that keep some series of each group: `topk`, `bottomk`, `limitk`, `limit_ratio`. */
import { formatValue } from '../language/number.ts';
import { executionError } from '../language/query-error.ts';
import type { AggregateGroup } from './aggregate.ts';
import { hasSamples, type VectorSeries } from './value.ts';

type KOperator = 'topk' | 'bottomk' | 'limitk';

/**
 * @param k  how many, one per step; less than 1 is none
 * @returns in the order of their values where there is one step only
 * @throws {QueryError} `query/execution` for a k that is no whole number's size
 */
export function chooseK(op: KOperator, groups: readonly AggregateGroup[], k: Float64Array): readonly VectorSeries[] {
  for (const one of k) checkCount(one);
  const results: VectorSeries[] = [];
  for (const { members } of groups) {
    const kept = members.map((series) => ({ ...series, present: new Uint8Array(series.present.length) }));
    let order: readonly number[] = kept.map((_, index) => index);
    for (const [step, wanted] of k.entries()) {
      const chosen = chosenAt(op, members, step, Math.trunc(wanted));
      for (const index of chosen) {
        const series = kept[index];
        if (series !== undefined) series.present[step] = 1;
      }
      if (k.length === 1) order = chosen;
    }
    for (const index of order) {
      const series = kept[index];
      if (series !== undefined && hasSamples(series)) results.push(series);
    }
  }
  return results;
}

/** Hot: which of the members are kept at a step, in the order of their values; of equals those that come first. */
function chosenAt(op: KOperator, members: readonly VectorSeries[], step: number, wanted: number): readonly number[] {
  if (wanted < 1) return [];
  const chosen: number[] = [];
  const valueOf = (index: number | undefined): number => members[index ?? 0]?.values[step] ?? Number.NaN;
  for (let index = 0; index < members.length; index++) {
    if (members[index]?.present[step] !== 1) continue;
    if (op === 'limitk') {
      chosen.push(index);
      if (chosen.length === wanted) break;
      continue;
    }
    const value = valueOf(index);
    if (chosen.length >= wanted) {
      if (byValue(op, value, valueOf(chosen.at(-1))) >= 0) continue;
      chosen.pop();
    }
    let [low, high] = [0, chosen.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (byValue(op, value, valueOf(chosen[middle])) < 0) high = middle;
      else low = middle + 1;
    }
    chosen.splice(low, 0, index);
  }
  return chosen;
}

/** NaN last, both ways. */
function byValue(op: KOperator, a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b === (op === 'topk') ? 1 : -1;
}

function checkCount(k: number): void {
  if (Number.isNaN(k)) throw executionError('Parameter value is NaN');
  if (k >= 2 ** 63) throw executionError(`Scalar value ${formatValue(k)} overflows int64`);
  if (k < -(2 ** 63)) throw executionError(`Scalar value ${formatValue(k)} underflows int64`);
}

/**
 * A share of the series, always the same ones: those whose labels' hash is below the ratio, or, for a negative one,
 * those that its complement leaves.
 *
 * @param warn  told of each ratio that had to be capped
 */
export function chooseRatio(
  groups: readonly AggregateGroup[],
  ratios: Float64Array,
  warn: (ratio: number, capped: number) => void,
): readonly VectorSeries[] {
  const capped = ratios.map((ratio) => {
    if (Number.isNaN(ratio)) throw executionError('Ratio value is NaN');
    const within = Math.min(1, Math.max(-1, ratio));
    if (within !== ratio) warn(ratio, within);
    return within;
  });
  return groups
    .flatMap(({ members }) => members)
    .map((series) => {
      const place = hashRatio(series.labels.key);
      const present = series.present.map((is, step) => {
        const ratio = capped[step] ?? 0;
        return is === 1 && (ratio >= 0 ? place < ratio : place >= 1 + ratio) ? 1 : 0;
      });
      return { ...series, present };
    })
    .filter(hasSamples);
}

/** A hash of a text in [0, 1): FNV-1a, mixed as in MurmurHash3 so that texts that differ little lie far apart. */
function hashRatio(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
