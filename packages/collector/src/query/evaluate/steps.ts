import type { UnixMs } from '@tarsier/protocol';

/** The times at which an expression is evaluated: of the query, or of a subquery's own grid. */
export interface Steps {
  readonly start: UnixMs;
  /** 0 where there is one step only. */
  readonly stepMs: number;
  readonly count: number;
  /** Where samples that a step looks at are counted; absent where they count as what becomes of them. */
  readonly lookedAt?: Float64Array;
}

export function timeOf({ start, stepMs }: Steps, step: number): UnixMs {
  return start + step * stepMs;
}

export function lastTime(steps: Steps): UnixMs {
  return timeOf(steps, Math.max(0, steps.count - 1));
}

/** The whole multiples of `stepMs` in (`after`, `to`]. */
export function alignedSteps(after: UnixMs, to: UnixMs, stepMs: number): Steps {
  const start = Math.floor(after / stepMs) * stepMs + stepMs;
  return { start, stepMs, count: Math.max(0, Math.floor((to - start) / stepMs) + 1) };
}
