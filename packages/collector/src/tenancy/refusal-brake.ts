/** Makes who floods wait for its refusals: else saying no to one tenant takes the time that others' answers need. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Refusals of a second from which on they are held: who stops when it is told to gets its answer at once. */
const freely = 20;
/** So many of a tenant wait at once; what is more is refused at once, since each that waits takes memory. */
const mostHeld = 500;

export interface RefusalBrake {
  /** To be awaited before a tenant is told that it has used what it may. */
  hold(tenantId: number): Promise<void>;
}

/** @param holdMs  how long a refusal of one who floods is held; 0: never */
export function createRefusalBrake({
  holdMs,
  now,
}: {
  readonly holdMs: number;
  readonly now: () => number;
}): RefusalBrake {
  const tenants = new Map<number, { since: number; refused: number; held: number }>();
  return {
    async hold(tenantId) {
      let counts = tenants.get(tenantId);
      if (counts === undefined) tenants.set(tenantId, (counts = { since: now(), refused: 0, held: 0 }));
      if (now() - counts.since >= 1_000) Object.assign(counts, { since: now(), refused: 0 });
      counts.refused++;
      // Those that wait already show that it goes on, whatever the second has seen of it.
      if (holdMs === 0 || (counts.refused <= freely && counts.held < freely) || counts.held >= mostHeld) return;
      counts.held++;
      await sleep(holdMs);
      counts.held--;
    },
  };
}
