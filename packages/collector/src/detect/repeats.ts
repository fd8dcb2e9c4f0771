import type { Arena } from '../stats/arena.ts';

/** Samples after an event in which its peak is forgotten to 1/e. */
const decay = 150;
/** An event is over once so many samples in a row were no alarm. */
const eventSamples = 12;
/** Share that each former alarm adds to what another has to show: a series that alarms often is a noisy one. */
const fatigue = 0.055;
/** Samples in which former alarms are forgotten to 1/e. */
const fatigueDecay = 20_000;

const slots = { peak: 0, since: 1, alarms: 2 } as const;

/**
 * Tells what is news from what repeats or prolongs an alarm: one event is one alarm. After it, another has to be
 * more surprising than what is left of its peak; and the more alarms a series has had, the more surprising
 * each further one has to be, so that no series can take up all attention.
 */
export class Repeats {
  static readonly bytes = 24;
  readonly #state: Float64Array;
  readonly #least: number;

  /** @param least  surprise that is an alarm at all */
  constructor(arena: Arena, least: number) {
    this.#state = arena.doubles(3);
    this.#state[slots.since] = Infinity;
    this.#least = least;
  }

  isNews(surprise: number): boolean {
    const state = this.#state;
    const since = (state[slots.since] ?? 0) + 1;
    const peak = state[slots.peak] ?? 0;
    const alarms = (state[slots.alarms] ?? 0) * (1 - 1 / fatigueDecay);
    state[slots.since] = since;
    state[slots.alarms] = alarms;
    if (since <= eventSamples) {
      if (surprise > peak) state[slots.peak] = surprise;
      if (surprise >= this.#least) state[slots.since] = 0;
      return false;
    }
    const left = peak * Math.exp(-since / decay);
    if (!(surprise >= this.#least * (1 + fatigue * alarms) && surprise > left)) return false;
    state[slots.peak] = surprise;
    state[slots.since] = 0;
    state[slots.alarms] = alarms + 1;
    return true;
  }
}
