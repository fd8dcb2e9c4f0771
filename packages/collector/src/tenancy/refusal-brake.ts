/**
 * Makes who floods wait for its refusals: else saying no to one tenant takes the time that others' answers need. The
 * more of them wait, the longer each does, so that a flood over many connections is not told more often.
 */
import type { RateLimit } from '../limit-error.ts';

/** Refusals of a second from which on they are held: who stops when it is told to gets its answer at once. */
const freely = 20;
/** One after the other from then on, as long as nobody waits too long for it. */
const paceMs = 10;
/** Times the least that is waited: a client should still be there, and many wait for ten seconds at most. */
const mostPatience = 8;
/** So many of a tenant, and of all, wait at once, 10 KiB each; what is more is sent away. */
const mostHeld = 4_000;
const mostHeldOfAll = 12_000;

export interface RefusalBrake {
  /**
   * To be awaited before a tenant is told that it has used what it may.
   *
   * @param rate  that limit
   * @returns whether too many of it wait already: its connection had better be closed
   */
  hold(rate: Pick<RateLimit, 'tenantId' | 'requestsPerS'>): Promise<boolean>;
  /** Whether a tenant goes on asking for what it is refused, and for twice what it may or more. */
  floods(tenantId: number): boolean;
  /** Lets go of all that wait, and holds nothing any more: the collector stops. */
  release(): void;
}

interface Lane {
  since: number;
  refused: number;
  held: number;
  lastAt: number;
  requestsPerS: number | undefined;
}

/** @param holdMs  how long a refusal of one who floods is held at least; 0: never */
export function createRefusalBrake({
  holdMs,
  now,
}: {
  readonly holdMs: number;
  readonly now: () => number;
}): RefusalBrake {
  const tenants = new Map<number, Lane>();
  const waiting = new Set<() => void>();
  let isReleased = holdMs === 0;
  return {
    async hold({ tenantId, requestsPerS }) {
      if (isReleased) return false;
      let lane = tenants.get(tenantId);
      if (lane === undefined) {
        lane = { since: now(), refused: 0, held: 0, lastAt: 0, requestsPerS: undefined };
        tenants.set(tenantId, lane);
      }
      lane.requestsPerS = requestsPerS ?? lane.requestsPerS;
      if (now() - lane.since >= 1_000) Object.assign(lane, { since: now(), refused: 0 });
      lane.refused++;
      // Those that wait already show that it goes on, whatever the second has seen of it.
      if (lane.refused <= freely && lane.held < freely) return false;
      if (lane.held >= mostHeld || waiting.size >= mostHeldOfAll) return true;
      lane.held++;
      lane.lastAt = Math.min(Math.max(now() + holdMs, lane.lastAt + paceMs), now() + mostPatience * holdMs);
      const waitMs = lane.lastAt - now();
      await new Promise<void>((resolve) => {
        const go = (): void => {
          clearTimeout(timer);
          waiting.delete(go);
          resolve();
        };
        const timer = setTimeout(go, waitMs);
        waiting.add(go);
      });
      lane.held--;
      return false;
    },
    floods(tenantId) {
      const lane = tenants.get(tenantId);
      if (lane === undefined) return false;
      const { since, refused, held, requestsPerS } = lane;
      const most = Math.max(freely, requestsPerS ?? 0);
      return held > most || (refused > most && now() - since < 1_000);
    },
    release() {
      isReleased = true;
      for (const go of waiting) go();
    },
  };
}
