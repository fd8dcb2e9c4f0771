import type { UnixMs } from '@tarsier/protocol';

const backoff = { firstMs: 5_000, longestMs: 10 * 60_000, giveUpMs: 24 * 3_600_000 } as const;

/**
 * When to try again: exponential with full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015), at most
 * 5 s after the first try, at most 10 min after any.
 *
 * @param attempts  tries before the one that failed
 * @param random    0 to 1
 * @returns undefined a day after the notification was made
 */
export function retryAt(attempts: number, createdAt: UnixMs, now: UnixMs, random: () => number): UnixMs | undefined {
  if (now - createdAt > backoff.giveUpMs) return undefined;
  const ceiling = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(attempts, 20));
  return Math.ceil(now + random() * ceiling);
}
