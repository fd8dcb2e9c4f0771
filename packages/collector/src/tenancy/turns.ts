/**
 * Lets tenants' requests in by turns: who comes with a hundred at once, as its limit lets it, has others' wait for a few
 * of them and not for all. Who is alone is not held up.
 */
import { TarsierError } from '@tarsier/protocol';

export interface Turns {
  /**
   * Waits for its turn.
   *
   * @param isGone  whether nobody waits for the answer any more: its turn is the next one's
   * @returns to be called when it is done
   */
  take(tenantId: number, isGone?: () => boolean): Promise<() => void>;
  /**
   * Of one that waits elsewhere.
   *
   * @param onFree  called, where it is not its turn, once one is done: those that wait elsewhere and those that wait here
   *   are first in turns
   * @returns undefined while it is not its turn
   */
  tryTake(tenantId: number, onFree: () => void): (() => void) | undefined;
  /** Ends the waiting of all, with that error: the collector stops. */
  release(error: Error): void;
}

/** So many of a tenant are begun at once while another one is there, too. */
const mostAtOnce = 4;
/** And of one that asks far more than it may: each of them holds up the others' by a part of what it takes itself. */
const mostOfFlood = 1;
/** What takes longer waits for something itself, and holds up the tenant's others no more. */
const longMs = 100;
/** After so long without a request a tenant is not there any more. */
const presentMs = 1_000;

interface Waiting {
  readonly isGone: () => boolean;
  readonly begin: (end: () => void) => void;
  readonly refuse: (error: Error) => void;
}

interface Lane {
  begun: number;
  seenAt: number;
  readonly waiting: Waiting[];
  /** Tries again for those that wait elsewhere. */
  elsewhere: (() => void) | undefined;
  isElsewhereFirst: boolean;
}

export function createTurns({
  now,
  floods,
}: {
  readonly now: () => number;
  /** Whether a tenant asks far more than it may. */
  readonly floods: (tenantId: number) => boolean;
}): Turns {
  const lanes = new Map<number, Lane>();

  function laneOf(tenantId: number): Lane {
    let lane = lanes.get(tenantId);
    if (lane === undefined) {
      lane = { begun: 0, seenAt: 0, waiting: [], elsewhere: undefined, isElsewhereFirst: true };
      lanes.set(tenantId, lane);
    }
    lane.seenAt = now();
    return lane;
  }

  function isAlone(tenantId: number): boolean {
    for (const [other, { begun, seenAt, waiting }] of lanes) {
      if (other === tenantId) continue;
      if (begun > 0 || waiting.length > 0 || now() - seenAt < presentMs) return false;
      lanes.delete(other);
    }
    return true;
  }

  const mayBegin = (tenantId: number, { begun }: Lane): boolean =>
    begun < (floods(tenantId) ? mostOfFlood : mostAtOnce) || isAlone(tenantId);

  /** What is done for one who is gone takes the time in which others' answers would still be in time. */
  function beginNext(tenantId: number, lane: Lane): void {
    while (lane.waiting.length > 0 && mayBegin(tenantId, lane)) {
      const next = lane.waiting.shift();
      if (next?.isGone() === true)
        next.refuse(new TarsierError('http/aborted', 'the client did not wait for its turn'));
      else next?.begin(begin(tenantId, lane));
    }
  }

  function begin(tenantId: number, lane: Lane): () => void {
    let isBegun = true;
    lane.begun++;
    const end = (): void => {
      if (!isBegun) return;
      isBegun = false;
      clearTimeout(long);
      lane.begun--;
      const { elsewhere, isElsewhereFirst } = lane;
      lane.elsewhere = undefined;
      lane.isElsewhereFirst = !isElsewhereFirst;
      if (isElsewhereFirst) elsewhere?.();
      beginNext(tenantId, lane);
      if (!isElsewhereFirst) elsewhere?.();
    };
    const long = setTimeout(end, longMs);
    return end;
  }

  return {
    async take(tenantId, isGone = () => false) {
      const lane = laneOf(tenantId);
      if (lane.waiting.length === 0 && mayBegin(tenantId, lane)) return begin(tenantId, lane);
      return new Promise((resolve, refuse) => {
        lane.waiting.push({ isGone, begin: resolve, refuse });
      });
    },
    tryTake(tenantId, onFree) {
      const lane = laneOf(tenantId);
      if (mayBegin(tenantId, lane)) return begin(tenantId, lane);
      lane.elsewhere = onFree;
      return undefined;
    },
    release(error) {
      for (const { waiting } of lanes.values()) for (const { refuse } of waiting.splice(0)) refuse(error);
    },
  };
}
