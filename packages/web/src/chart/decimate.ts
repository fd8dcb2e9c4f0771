import type { AlignedData } from './align.ts';

/** With so many points in a bucket or fewer, to look for its extremes takes longer than to draw all of them. */
const fewPerBucket = 4;

/**
 * At most two points per bucket and series: its smallest and its largest value, in the order they came, so no spike is
 * lost. Buckets are multiples of the step since 1970, not since the window's start: the curve does not flicker as
 * the window moves.
 *
 * @param windowMs  the width of the chart in time
 * @param pixels  the width of the chart in CSS pixels
 */
export function decimate(data: AlignedData, windowMs: number, pixels: number): AlignedData {
  const { times, values, intervalMs } = data;
  const stepMs = bucketMs(windowMs, pixels);
  if (!(intervalMs * fewPerBucket < stepMs)) return data;

  const first = Math.floor((times[0] ?? 0) / stepMs);
  const buckets = Math.floor((times.at(-1) ?? 0) / stepMs) - first + 1;
  const decimated = values.map((column) => extremes(times, column, stepMs, first, buckets));
  const bucketTimes = new Float64Array(buckets * 2);
  for (let bucket = 0; bucket < buckets; bucket++) {
    bucketTimes[bucket * 2] = (first + bucket + 0.25) * stepMs;
    bucketTimes[bucket * 2 + 1] = (first + bucket + 0.75) * stepMs;
  }
  return { times: bucketTimes, values: decimated, intervalMs: stepMs / 2 };
}

/** Whole seconds, so that a resize by some pixels changes nothing. */
export function bucketMs(windowMs: number, pixels: number): number {
  return Math.max(1, Math.ceil(windowMs / Math.max(1, pixels) / 1000)) * 1000;
}

function extremes(
  times: Float64Array,
  values: Float64Array,
  stepMs: number,
  first: number,
  buckets: number,
): Float64Array {
  const drawn = new Float64Array(buckets * 2).fill(NaN);
  const minAt = new Float64Array(buckets);
  const maxAt = new Float64Array(buckets);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (Number.isNaN(value)) continue;
    const time = times[i] ?? 0;
    const bucket = Math.floor(time / stepMs) - first;
    // The smaller one is kept in the first slot until the order is known.
    if (!(value >= (drawn[bucket * 2] ?? NaN))) {
      drawn[bucket * 2] = value;
      minAt[bucket] = time;
    }
    if (!(value <= (drawn[bucket * 2 + 1] ?? NaN))) {
      drawn[bucket * 2 + 1] = value;
      maxAt[bucket] = time;
    }
  }
  for (let bucket = 0; bucket < buckets; bucket++) {
    if ((minAt[bucket] ?? 0) <= (maxAt[bucket] ?? 0)) continue;
    const min = drawn[bucket * 2] ?? NaN;
    drawn[bucket * 2] = drawn[bucket * 2 + 1] ?? NaN;
    drawn[bucket * 2 + 1] = min;
  }
  return drawn;
}
