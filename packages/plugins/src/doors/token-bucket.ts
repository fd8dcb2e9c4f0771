export interface TokenBucket {
  /** @returns whether there are so many left; if so they are taken */
  take(count: number): boolean;
}

/** As many tokens a second, of which no more than a second's gather. @param now  ms */
export function createTokenBucket(perSecond: number, now: () => number): TokenBucket {
  let tokens = perSecond;
  let at = now();
  return {
    take(count) {
      const time = now();
      tokens = Math.min(perSecond, tokens + ((time - at) / 1000) * perSecond);
      at = time;
      if (tokens < count) return false;
      tokens -= count;
      return true;
    },
  };
}
