/** Classic histograms: counts of what was at most each bound. */

export interface Bucket {
  readonly upperBound: number;
  /** Of this bucket and all before it. */
  readonly count: number;
}

export interface RepairedBuckets {
  readonly buckets: readonly Bucket[];
  /** Whether a count was smaller than one before it by more than rounding. */
  readonly forced: boolean;
}

/** Relative difference of counts that is taken for rounding. */
const tolerance = 1e-12;

/**
 * Buckets in order of their bounds, one for each bound, with counts that never fall: scrapes and rules may have caught
 * them at different moments.
 *
 * @returns undefined where they do not end with +Inf, so that there is no total
 */
export function repairBuckets(unordered: readonly Bucket[]): RepairedBuckets | undefined {
  const sorted = unordered.toSorted((a, b) => a.upperBound - b.upperBound || 0);
  if (sorted.at(-1)?.upperBound !== Infinity) return undefined;
  const buckets: Bucket[] = [];
  let forced = false;
  for (const bucket of coalesce(sorted)) {
    const before = buckets.at(-1)?.count ?? bucket.count;
    let { count } = bucket;
    if (count !== before && almostEqual(before, count)) count = before;
    else if (count < before) {
      count = before;
      forced = true;
    }
    buckets.push({ upperBound: bucket.upperBound, count });
  }
  return { buckets, forced };
}

/** `0.2` and `2e-1` are one bound. */
function coalesce(sorted: readonly Bucket[]): readonly Bucket[] {
  const merged: Bucket[] = [];
  for (const bucket of sorted) {
    const last = merged.at(-1);
    if (last?.upperBound === bucket.upperBound) {
      merged[merged.length - 1] = { upperBound: bucket.upperBound, count: last.count + bucket.count };
    } else merged.push(bucket);
  }
  return merged;
}

function almostEqual(a: number, b: number): boolean {
  const size = Math.abs(a) + Math.abs(b);
  return Math.abs(a - b) < tolerance * Math.min(size, Number.MAX_VALUE);
}

/**
 * The φ-quantile, observations being spread evenly within each bucket. The lowest bucket begins at 0, where its bound
 * is above that; the highest finite bound stands for all that is beyond it, and where the counts are NaN.
 *
 * @param repaired  undefined: no +Inf bucket
 * @returns NaN without observations, ∓Inf for φ outside 0..1
 */
export function bucketQuantile(phi: number, repaired: RepairedBuckets | undefined): number {
  if (Number.isNaN(phi)) return Number.NaN;
  if (phi < 0) return -Infinity;
  if (phi > 1) return Infinity;
  const buckets = repaired?.buckets ?? [];
  const total = buckets.at(-1)?.count ?? 0;
  if (buckets.length < 2 || total === 0) return Number.NaN;
  const rank = phi * total;
  const reached = buckets.findIndex(({ count }) => count >= rank);
  const index = reached === -1 ? buckets.length - 1 : reached;
  const bucket = buckets[index];
  const before = buckets[index - 1];
  if (bucket === undefined) return Number.NaN;
  if (index === buckets.length - 1) return before?.upperBound ?? Number.NaN;
  if (before === undefined && bucket.upperBound <= 0) return bucket.upperBound;
  const start = before?.upperBound ?? 0;
  const below = before?.count ?? 0;
  return start + (bucket.upperBound - start) * ((rank - below) / (bucket.count - below));
}

/** The share of observations between two values, spread evenly within each bucket; none within one that is infinite. */
export function bucketFraction(lower: number, upper: number, repaired: RepairedBuckets | undefined): number {
  const buckets = repaired?.buckets ?? [];
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, buckets, total) - rankOf(lower, buckets, total)) / total;
}

/** How many observations are below a value. */
function rankOf(value: number, buckets: readonly Bucket[], total: number): number {
  let rank = 0;
  for (const [index, { upperBound, count }] of buckets.entries()) {
    const lowerBound = buckets[index - 1]?.upperBound ?? (upperBound > 0 ? 0 : -Infinity);
    if (lowerBound >= value) return Math.min(rank, total);
    if (upperBound > value) {
      // From -Inf on there is no even spread: all of the bucket counts as below.
      if (lowerBound === -Infinity) return Math.min(count, total);
      return Math.min(rank + ((count - rank) * (value - lowerBound)) / (upperBound - lowerBound), total);
    }
    rank = count;
  }
  return total;
}
