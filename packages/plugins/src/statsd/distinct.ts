import type { PushedSeries } from '../doors/pushed-series.ts';

/** How many different members a set has had of late, in bounded memory. */
export interface Distinct {
  /** @returns false when there are too many already */
  add(member: string): boolean;
  /** Brings the series up to date. To be called at each tick. */
  tick(): void;
}

const maxMembers = 1_000;

/** @param series  gets the number of the window that has ended, or of the current one as long as there is no other */
export function createDistinct(series: PushedSeries, windowMs: number, now: () => number): Distinct {
  /** Hashes: the members themselves could be long. */
  let members = new Set<number>();
  let last: number | undefined;
  let windowFrom = now();

  function rotate(): void {
    const age = now() - windowFrom;
    if (age < windowMs) return;
    last = age >= 2 * windowMs ? 0 : members.size;
    members = new Set();
    windowFrom = now();
  }

  return {
    add(member) {
      rotate();
      series.seenAt = now();
      const key = hashOf(member);
      if (members.size >= maxMembers && !members.has(key)) return false;
      members.add(key);
      return true;
    },
    tick() {
      rotate();
      series.value = last ?? members.size;
    },
  };
}

/** FNV-1a, twice: 52 bits, enough to tell a thousand members apart. */
function hashOf(text: string): number {
  let [low, high] = [0x811c9dc5, 0x01000193];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
  }
  return (high & 0x3ffffff) * 2 ** 26 + (low & 0x3ffffff);
}
