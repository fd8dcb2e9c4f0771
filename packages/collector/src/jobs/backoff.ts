import type { UnixMs } from '@tarsier/protocol';

const backoff = { firstMs: 2_000, longestMs: 15 * 60_000 } as const;

/**
 * When to run again: exponential with equal jitter (M. Brooker, "Exponential Backoff And Jitter", 2015), from half of
 * 2 s on.
 *
 * @param attempt  the one that failed: 1 for the first
 * @param random   0 to 1
 */
export function nextAttemptAt(attempt: number, now: UnixMs, random: () => number): UnixMs {
  const ceiling = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 20));
  return Math.ceil(now + ceiling / 2 + (random() * ceiling) / 2);
}
