/** What came since the point before, of OpenTelemetry's histograms: calls are counted, not totals copied. */
import type { HistogramPoint, Temporality } from '@tarsier/protocol/otlp';

export interface Increase {
  readonly count: number;
  readonly sum: number;
  readonly bucketCounts: readonly number[];
}

export interface IncreaseTracker {
  /**
   * @param key  of the series that the point is of
   * @returns undefined when nothing is known to have come: at the first point of what ran before we listened, at a
   *   point that was seen already, and when there are too many series to remember
   */
  of(key: string, temporality: Temporality, point: HistogramPoint): Increase | undefined;
}

interface Last extends Increase {
  readonly startMs: number;
  readonly timeMs: number;
  seenAt: number;
}

/** Larger than any export interval. */
const idleMs = 3_600_000;

export function createIncreaseTracker({
  maxSeries,
  now,
}: {
  readonly maxSeries: number;
  /** ms */
  readonly now: () => number;
}): IncreaseTracker {
  const series = new Map<string, Last>();
  const openedAt = now();

  function makeRoom(): boolean {
    if (series.size < maxSeries) return true;
    for (const [key, { seenAt }] of series) if (now() - seenAt > idleMs) series.delete(key);
    return series.size < maxSeries;
  }

  return {
    of(key, temporality, { count, sum = 0, bucketCounts, startMs, timeMs }) {
      const before = series.get(key);
      if (before === undefined && !makeRoom()) return undefined;
      if (before !== undefined && timeMs > 0 && timeMs <= before.timeMs) return undefined;
      series.set(key, { count, sum, bucketCounts, startMs, timeMs, seenAt: now() });
      if (temporality === 'delta') return { count, sum, bucketCounts };
      if (before === undefined) {
        // All of it is new when counting began after we did. By its own clock: ours may differ.
        const beganAfter = startMs > 0 && timeMs - startMs <= now() - openedAt;
        return beganAfter ? { count, sum, bucketCounts } : undefined;
      }
      if (startMs !== before.startMs || count < before.count) return { count, sum, bucketCounts };
      return {
        count: count - before.count,
        sum: sum - before.sum,
        bucketCounts: bucketCounts.map((bucket, index) => bucket - (before.bucketCounts[index] ?? 0)),
      };
    },
  };
}
