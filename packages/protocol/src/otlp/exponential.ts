import type { ExponentialHistogramPoint } from './metrics.ts';

const lowest = -10;
const highest = 30;
/** Scales that OpenTelemetry allows: 2^(2^-scale) is the ratio of a bucket's bounds. */
const scales = { least: -10, most: 20 } as const;

/**
 * Powers of two, from about a thousandth to a thousand million. The same for every histogram, whatever its scale now:
 * a bucket is a series, and a series must not come and go. They are bounds at every scale from 0 up, so no count is
 * guessed there.
 */
export const exponentialBounds: readonly number[] = Array.from(
  { length: highest - lowest + 1 },
  (_, index) => 2 ** (lowest + index),
);

/**
 * Counts of an exponential histogram by {@link exponentialBounds}, and those above. Zero and below count as lowest.
 *
 * @returns undefined when the scale is out of range
 */
export function exponentialCounts(point: ExponentialHistogramPoint): number[] | undefined {
  const { scale, zeroCount, positive, negative } = point;
  if (!(scale >= scales.least && scale <= scales.most)) return undefined;
  const counts = Array.from({ length: exponentialBounds.length + 1 }, () => 0);
  counts[0] = zeroCount + (negative?.bucketCounts.reduce((sum, count) => sum + count, 0) ?? 0);
  for (const [index, count] of positive?.bucketCounts.entries() ?? []) {
    // The exponent of the bucket's upper bound.
    const exponent = ((positive?.offset ?? 0) + index + 1) * 2 ** -scale;
    const bucket = Math.min(Math.max(Math.ceil(exponent) - lowest, 0), exponentialBounds.length);
    counts[bucket] = (counts[bucket] ?? 0) + count;
  }
  return counts;
}
