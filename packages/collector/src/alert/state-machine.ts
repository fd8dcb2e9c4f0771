import type { AlertState, UnixMs } from '@tarsier/protocol';

/** What a rule sees of a series at one time. */
export interface Observation {
  readonly time: UnixMs;
  readonly value: number;
  /** Whether the rule's condition holds. */
  readonly holds: boolean;
}

/** An alert that is not over. */
export type OpenState = Exclude<AlertState, { kind: 'resolved' }>;

/**
 * The next state: inactive (undefined) → pending while the condition has held for less than `forMs` → firing →
 * resolved. A pending alert whose condition ceases becomes inactive again, as in Prometheus; a resolved one is over,
 * and what comes next is another alert.
 */
export function advance(
  state: OpenState | undefined,
  { time, value, holds }: Observation,
  forMs: number,
): AlertState | undefined {
  switch (state?.kind) {
    case undefined:
      if (!holds) return undefined;
      return { kind: forMs === 0 ? 'firing' : 'pending', since: time, value };
    case 'pending':
      if (!holds) return undefined;
      return time - state.since >= forMs ? { kind: 'firing', since: time, value } : { ...state, value };
    case 'firing':
      return holds ? { ...state, value } : { kind: 'resolved', since: state.since, value, resolvedAt: time };
  }
}
