import type { UnixMs } from '@tarsier/protocol';
import type { Arena } from '../../stats/arena.ts';

const dayMs = 86_400_000;
/** Days that are compared with; seven, so that one of them is the same day of the week. */
const days = 7;
/** Days before anything is said. */
const leastDays = 2;
/** Times of a day that are kept apart: five minutes each, or one for each sample where those are rarer. */
const mostTimes = 288;
/** What was a little earlier or later on the other day counts too, in times. */
const slack = 2;
const ringSize = 2048;
const mask = ringSize - 1;
/** Intervals between samples that their usual length is found from. */
const measured = 15;
const slots = { samples: 0, newest: 1, place: 2, first: 3, times: 4, intervals: 5 } as const;

/**
 * Distance of a few numbers from the nearest that they were at the same time of one of the seven days before. The day
 * is that of the clock, not one found from the data: what people do makes days, and a period that is found wrongly
 * costs more than one that is not there (docs/detection.md has the measurement).
 */
export class TimeOfDay {
  static bytes(width: number): number {
    return (slots.intervals + measured) * 8 + ringSize * width * 4;
  }
  readonly #width: number;
  readonly #state: Float64Array;
  readonly #ring: Float32Array;
  /** NaN while there are too few days. */
  readonly distances: Float64Array;

  constructor(arena: Arena, width: number) {
    this.#width = width;
    this.#state = arena.doubles(slots.intervals + measured);
    this.#ring = arena.singles(ringSize * width);
    this.distances = new Float64Array(width).fill(Number.NaN);
  }

  push(time: UnixMs, numbers: Float64Array): void {
    const state = this.#state;
    this.distances.fill(Number.NaN);
    if ((state[slots.times] ?? 0) === 0) {
      this.#measure(time);
      return;
    }
    const times = state[slots.times] ?? 0;
    if (times < 2) return;
    const place = Math.floor(time / (dayMs / times));
    this.#advance(place);
    const first = state[slots.first] ?? 0;
    if (place - first >= leastDays * times) {
      for (let index = 0; index < this.#width; index++) {
        this.distances[index] = this.#nearest(place, first, times, index, numbers[index] ?? 0);
      }
    }
    for (let index = 0; index < this.#width; index++) {
      this.#ring[index * ringSize + (place & mask)] = numbers[index] ?? 0;
    }
  }

  #nearest(place: number, first: number, times: number, index: number, number: number): number {
    let nearest = Infinity;
    for (let day = 1; day <= days; day++) {
      for (let shift = -slack; shift <= slack; shift++) {
        const past = place - day * times + shift;
        if (past < first) continue;
        const distance = Math.abs(number - (this.#ring[index * ringSize + (past & mask)] ?? 0));
        // Of a gap the distance is not a number, which is not less.
        if (distance < nearest) nearest = distance;
      }
    }
    return nearest === Infinity ? Number.NaN : nearest;
  }

  /** Places that no sample came for hold nothing. */
  #advance(place: number): void {
    const state = this.#state;
    const former = state[slots.place] ?? 0;
    if (former === 0 || place - former > ringSize) {
      this.#ring.fill(Number.NaN);
      if (former === 0) state[slots.first] = place;
    } else {
      for (let passed = former + 1; passed <= place; passed++) {
        for (let index = 0; index < this.#width; index++) this.#ring[index * ringSize + (passed & mask)] = Number.NaN;
      }
    }
    state[slots.place] = place;
  }

  #measure(time: UnixMs): void {
    const state = this.#state;
    const samples = state[slots.samples] ?? 0;
    if (samples > 0) state[slots.intervals + samples - 1] = time - (state[slots.newest] ?? 0);
    state[slots.newest] = time;
    state[slots.samples] = samples + 1;
    if (samples < measured) return;
    const median = state.slice(slots.intervals).toSorted()[measured >> 1] ?? 0;
    state[slots.times] = Math.max(1, Math.min(mostTimes, Math.round(dayMs / median)));
  }
}
