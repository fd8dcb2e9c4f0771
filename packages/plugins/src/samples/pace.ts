import type { Host } from '../host/host.ts';

export interface Pace {
  isDue(): boolean;
  /** After it was done: how long it took, ms. */
  took(busyMs: number): void;
}

/** Work whose cost depends on the host: the longer it takes, the less often it is due. @param mostRatio  of a core */
export function createPace(host: Pick<Host, 'now'>, mostRatio: number): Pace {
  let dueAt = Number.NEGATIVE_INFINITY;
  return {
    isDue: () => host.now() >= dueAt,
    took(busyMs) {
      dueAt = host.now() + busyMs / mostRatio;
    },
  };
}
