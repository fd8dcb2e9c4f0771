/** How far the level of a series is from its long mean, at several scales. */
import type { Arena } from '../../stats/arena.ts';

/** Steps that each short mean remembers. */
const scales = [3, 12, 48] as const;
/** Steps that the long mean remembers. */
const longSteps = 2000;

const slots = { count: 0, long: 1, short: 2 } as const;

export class Level {
  static readonly scales = scales.length;
  static readonly bytes = (slots.short + scales.length) * 8;
  readonly #state: Float64Array;

  constructor(arena: Arena) {
    this.#state = arena.doubles(slots.short + scales.length);
  }

  push(value: number): void {
    const state = this.#state;
    const count = (state[slots.count] ?? 0) + 1;
    state[slots.count] = count;
    if (count === 1) state.fill(value, slots.long);
    const long = state[slots.long] ?? 0;
    state[slots.long] = long + (value - long) / Math.min(count, longSteps);
    for (const [scale, steps] of scales.entries()) {
      const short = this.average(scale);
      state[slots.short + scale] = short + (value - short) / steps;
    }
  }

  /** Exponentially weighted mean. */
  average(scale: number): number {
    return this.#state[slots.short + scale] ?? 0;
  }

  distance(scale: number): number {
    return Math.abs(this.average(scale) - (this.#state[slots.long] ?? 0));
  }
}
