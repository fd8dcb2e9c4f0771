import type { AlertState, UnixMs } from '@tarsier/protocol';

/** What a rule sees of a series at one time. */
export interface Observation {
  readonly time: UnixMs;
  readonly value: number;
  /** Whether the rule's condition holds. */
  readonly holds: boolean;
  /** Whether an alert that fires is over by this value: with hysteresis not as soon as the condition ceases. */
  readonly clears: boolean;
}

/** How long a condition must hold before its alert fires, and must have ceased before it is over. */
export interface Patience {
  readonly forMs: number;
  readonly keepFiringMs: number;
}

/** An alert that is not over. */
export type OpenState = Exclude<AlertState, { kind: 'resolved' }>;

/**
 * The next state: inactive (undefined) → pending while the condition has held for less than `forMs` → firing → kept
 * firing while it has ceased for less than `keepFiringMs` → resolved. A pending alert whose condition ceases becomes
 * inactive again, as in Prometheus; a resolved one is over, and what comes next is another alert.
 */
export function advance(
  state: OpenState | undefined,
  { time, value, holds, clears }: Observation,
  { forMs, keepFiringMs }: Patience,
): AlertState | undefined {
  switch (state?.kind) {
    case undefined:
      if (!holds) return undefined;
      return { kind: forMs === 0 ? 'firing' : 'pending', since: time, value };
    case 'pending':
      if (!holds) return undefined;
      return time - state.since >= forMs ? { kind: 'firing', since: time, value } : { ...state, value };
    case 'firing':
      return clears ? cleared(state, time, value, keepFiringMs) : { kind: 'firing', since: state.since, value };
  }
}

function cleared(
  { since, calmSince }: Extract<OpenState, { kind: 'firing' }>,
  time: UnixMs,
  value: number,
  keepFiringMs: number,
): AlertState {
  const calm = calmSince ?? time;
  return time - calm >= keepFiringMs
    ? { kind: 'resolved', since, value, resolvedAt: time }
    : { kind: 'firing', since, value, calmSince: calm };
}
