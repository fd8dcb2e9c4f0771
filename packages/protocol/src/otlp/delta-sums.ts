import { seriesSignature, type SeriesIdentity } from '../labels.ts';
import type { UnixMs } from '../sample.ts';

export interface DeltaSums {
  /**
   * Adds what came since the point before.
   *
   * @param timeMs  of the point; one that is not later than the last was seen already, and adds nothing
   * @returns the sum so far; undefined when there are too many series to remember this one
   */
  add(series: SeriesIdentity, delta: number, timeMs: UnixMs): number | undefined;
  /** Forgets series that had no point for as long as `idleMs`. @param now  ms, on the clock that `add` was called by */
  expire(now: number): void;
  readonly size: number;
}

/**
 * The memory that makes cumulative sums of deltas, bounded.
 *
 * @param now  ms, of any clock that only goes forward
 */
export function createDeltaSums({
  maxSeries,
  idleMs,
  now,
}: {
  readonly maxSeries: number;
  readonly idleMs: number;
  readonly now: () => number;
}): DeltaSums {
  const sums = new Map<string, { sum: number; timeMs: UnixMs; seenAt: number }>();
  return {
    add(series, delta, timeMs) {
      const key = seriesSignature(series);
      const known = sums.get(key);
      if (known === undefined) {
        if (sums.size >= maxSeries) return undefined;
        sums.set(key, { sum: delta, timeMs, seenAt: now() });
        return delta;
      }
      known.seenAt = now();
      // A request that was sent again, because its answer got lost.
      if (timeMs > 0 && timeMs <= known.timeMs) return known.sum;
      known.timeMs = timeMs;
      known.sum += delta;
      return known.sum;
    },
    expire(at) {
      for (const [key, { seenAt }] of sums) if (at - seenAt > idleMs) sums.delete(key);
    },
    get size() {
      return sums.size;
    },
  };
}
