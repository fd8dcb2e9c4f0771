import type { Arena } from '../stats/arena.ts';

export interface RepeatsOptions {
  /** Surprise that is an alarm at all. */
  readonly least: number;
  /** Samples after an event in which its peak is forgotten to 1/e. */
  readonly decay: number;
  /** Share that each former alarm adds to what another has to show: a series that alarms often is a noisy one. */
  readonly fatigue: number;
}

/** An alarm at a score of 0.99; docs/detection.md says where the others are from. */
export const repeatsDefaults: RepeatsOptions = { least: 2, decay: 150, fatigue: 0.055 };

/** An event is over once so many samples in a row were no alarm. */
const eventSamples = 12;
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
  readonly #options: RepeatsOptions;

  constructor(arena: Arena, options: RepeatsOptions = repeatsDefaults) {
    this.#state = arena.doubles(3);
    this.#state[slots.since] = Infinity;
    this.#options = options;
  }

  isNews(surprise: number): boolean {
    const { least, decay, fatigue } = this.#options;
    const state = this.#state;
    const since = (state[slots.since] ?? 0) + 1;
    const peak = state[slots.peak] ?? 0;
    const alarms = (state[slots.alarms] ?? 0) * (1 - 1 / fatigueDecay);
    state[slots.since] = since;
    state[slots.alarms] = alarms;
    if (since <= eventSamples) {
      if (surprise > peak) state[slots.peak] = surprise;
      if (surprise >= least) state[slots.since] = 0;
      return false;
    }
    const left = peak * Math.exp(-since / decay);
    if (!(surprise >= least * (1 + fatigue * alarms) && surprise > left)) return false;
    state[slots.peak] = surprise;
    state[slots.since] = 0;
    state[slots.alarms] = alarms + 1;
    return true;
  }
}
