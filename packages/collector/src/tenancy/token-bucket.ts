/** A limit by time that holds over all collectors: each takes tokens from the shared bucket ahead, a few at a time. */
import type { UnixMs } from '@tarsier/protocol';

/** How much may come at once, in seconds of the rate: agents send ten seconds at a time. */
export const burstS = 10;
/**
 * How much a collector takes ahead, in seconds of the rate: as long as it lasts nothing is asked of the database. So much
 * of each collector's may lie unused; more than the limit is never let in.
 */
export const leaseS = 0.5;
/** Tokens that lay unused for so long are given up: the bucket has filled again meanwhile. */
const keepMs = 5_000;
/** While nothing is left the database is not asked more often. */
const leastWaitMs = 100;

/** Takes from the shared bucket. @returns how much it got, and how much is left there */
export type TakeTokens = (
  bucket: { readonly rate: number; readonly burst: number },
  wanted: number,
  now: UnixMs,
) => Promise<number>;

export interface TokenBucket {
  /** @returns 0 when it was let in, else ms until it may be */
  take(rate: number, count: number): Promise<number>;
  /** ms until something may be let in again, as far as is known here; 0 when it may now. */
  blockedMs(): number;
  /** Whether one would be refused now, or would have to wait for what others of its kind wait for. */
  isSpent(): boolean;
  /** Tokens that are here. */
  readonly tokens: number;
}

export function createTokenBucket(takeShared: TakeTokens, now: () => UnixMs): TokenBucket {
  let tokens = 0;
  let usedAt = 0;
  let blockedUntil = 0;
  let taking = Promise.resolve();
  let isTaking = false;

  async function refill(rate: number, needed: number): Promise<void> {
    if (now() - usedAt > keepMs) tokens = 0;
    usedAt = now();
    // Another one has brought enough while this one waited.
    if (tokens >= needed || blockedUntil > now()) return;
    const missing = needed - tokens;
    isTaking = true;
    try {
      tokens += await takeShared({ rate, burst: rate * burstS }, Math.max(missing, rate * leaseS), now());
    } finally {
      isTaking = false;
    }
    if (tokens < needed) blockedUntil = now() + Math.max(leastWaitMs, ((needed - tokens) / rate) * 1_000);
  }

  return {
    get tokens() {
      return tokens;
    },
    blockedMs: () => Math.max(0, blockedUntil - now()),
    isSpent: () => tokens < 1 && (isTaking || blockedUntil > now()),
    async take(rate, count) {
      // What is more than fits counts as much as fits: else it could never be let in.
      const needed = Math.min(count, rate * burstS);
      if (tokens < needed || now() - usedAt > keepMs) {
        if (blockedUntil > now()) return blockedUntil - now();
        // One at a time: the tokens that one takes ahead serve those that wait.
        const mine = taking.then(() => refill(rate, needed));
        taking = mine.catch(() => {});
        await mine;
      }
      usedAt = now();
      if (tokens < needed) return Math.max(leastWaitMs, blockedUntil - now());
      tokens -= needed;
      return 0;
    },
  };
}
