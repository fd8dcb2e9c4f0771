import type { Arena } from '../../stats/arena.ts';

/** Weight of a new value in what is known of steps. */
const weight = 1 / 1000;
/** Differences that are less than so large a part of the value are rounding. */
const rounding = 1e-9;
const slots = { previous: 0, share: 1, logStep: 2, steps: 3 } as const;

/**
 * Least spread of a series that mostly stands still: any robust spread of it is next to nothing, and whatever moves
 * would be a million of them away. Here it is half the root of how often the series moves, times the geometric mean of
 * how far: about a third of the standard deviation of normal noise, so that it has a say only where values are few.
 */
export class LeastSpread {
  static readonly bytes = 4 * 8;
  readonly #state: Float64Array;

  constructor(arena: Arena) {
    this.#state = arena.doubles(4);
    this.#state[slots.previous] = Number.NaN;
  }

  /** @returns what is known from the values before, >= 0 */
  get sigma(): number {
    const state = this.#state;
    if (state[slots.steps] === 0) return 0;
    return (Math.exp(state[slots.logStep] ?? 0) * Math.sqrt(state[slots.share] ?? 0)) / 2;
  }

  push(value: number): void {
    const state = this.#state;
    const step = Math.abs(value - (state[slots.previous] ?? 0));
    state[slots.previous] = value;
    const share = state[slots.share] ?? 0;
    const hasMoved = step > rounding * Math.abs(value);
    state[slots.share] = share + weight * (Number(hasMoved) - share);
    if (!hasMoved) return;
    const steps = (state[slots.steps] ?? 0) + 1;
    state[slots.steps] = steps;
    const logStep = state[slots.logStep] ?? 0;
    state[slots.logStep] = logStep + Math.max(weight, 1 / steps) * (Math.log(step) - logStep);
  }
}
