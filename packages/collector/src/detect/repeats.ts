import type { Arena } from '../stats/arena.ts';

/** How much more surprising than the last alarm another must be at once. */
const growth = 1.3;
/** Samples in which that falls to 1/e. */
const decay = 200;

const slots = { peak: 0, since: 1 } as const;

/**
 * Tells what is news from what repeats or prolongs an alarm: after one, another has to be more surprising still, by an
 * amount that falls with time. One event is one alarm, and one that grows much worse is told again.
 */
export class Repeats {
  static readonly bytes = 16;
  readonly #state: Float64Array;
  readonly #least: number;

  /** @param least  surprise that is an alarm at all */
  constructor(arena: Arena, least: number) {
    this.#state = arena.doubles(2);
    this.#least = least;
  }

  isNews(surprise: number): boolean {
    const since = (this.#state[slots.since] ?? 0) + 1;
    this.#state[slots.since] = since;
    const left = (this.#state[slots.peak] ?? 0) * Math.exp(-since / decay);
    if (!(surprise >= this.#least && surprise > growth * left)) return false;
    this.#state[slots.peak] = Math.max(surprise, left);
    this.#state[slots.since] = 0;
    return true;
  }
}
