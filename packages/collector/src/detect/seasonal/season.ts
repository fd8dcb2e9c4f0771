import type { Arena } from '../../stats/arena.ts';
import { findPeriod } from '../../stats/period.ts';
import { levels, Pyramid, ringSize } from './pyramid.ts';

/** Bins of a level between two searches for its period. */
const searchEvery = 64;
/** In bins: a shorter period is one of the finer levels below, which know up to 170 bins each. */
const shortestOfLevel = 40;
/** How much stronger a period has to be to take the place of another. */
const clearly = 0.05;
/** Searches without it after which a season is over: one may fail because of the very anomaly that is to be found. */
const mostMisses = 3;
/** Past seasons whose median is what is expected. */
const mostSeasons = 5;
const slots = { level: 0, length: 1, strength: 2, misses: 3 } as const;

/** A season found from the data: nothing is known of clocks or calendars. */
export class Season {
  static readonly bytes = Pyramid.bytes + 4 * 8;
  readonly #pyramid: Pyramid;
  /** The length is in bins of the level; 0 while there is no season. */
  readonly #state: Float64Array;
  readonly #values = new Float64Array(ringSize);

  constructor(arena: Arena) {
    this.#pyramid = new Pyramid(arena);
    this.#state = arena.doubles(4);
  }

  /** In steps; 0 while there is none. */
  get steps(): number {
    return (this.#state[slots.length] ?? 0) * 2 ** (this.#state[slots.level] ?? 0);
  }

  push(place: number, value: number): void {
    this.#pyramid.push(place, value, (level, bin) => {
      // Each level at another time: no sample pays for all of them.
      if (bin % searchEvery === (level * 5) % searchEvery) this.#search(level, bin);
    });
  }

  /** What is usual in this phase of the season: the median of the seasons before; NaN where there is none. */
  expected(place: number): number {
    const length = this.#state[slots.length] ?? 0;
    if (length === 0) return Number.NaN;
    const level = this.#state[slots.level] ?? 0;
    const position = (place + 0.5) / 2 ** level - 0.5;
    const known = this.#pyramid.known(level);
    const past: number[] = [];
    for (let season = 1; season <= mostSeasons && season * length <= known + 1; season++) {
      const value = this.#between(level, position - season * length);
      if (!Number.isNaN(value)) past.push(value);
    }
    if (past.length === 0) return Number.NaN;
    const sorted = past.toSorted((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
  }

  #between(level: number, position: number): number {
    const before = Math.floor(position);
    const part = position - before;
    const one = this.#pyramid.mean(level, before);
    const other = this.#pyramid.mean(level, before + 1);
    if (Number.isNaN(one)) return other;
    return Number.isNaN(other) ? one : one + part * (other - one);
  }

  #search(level: number, newest: number): void {
    const known = this.#pyramid.known(level);
    const values = this.#values.subarray(0, known);
    for (let back = 0; back < known; back++) values[known - 1 - back] = this.#pyramid.mean(level, newest - back);
    const state = this.#state;
    const isOurs = state[slots.length] !== 0 && state[slots.level] === level;
    const found = findPeriod(values, isOurs ? state[slots.length] : undefined);
    if (found === undefined || (level > 0 && found.length < shortestOfLevel)) {
      if (isOurs) this.#miss();
      return;
    }
    const { length, strength } = found;
    const isSame = isOurs && Math.abs(length - (state[slots.length] ?? 0)) < 1 + 0.02 * length;
    if (!isSame && strength < (state[slots.strength] ?? 0) + clearly) {
      if (isOurs) this.#miss();
      return;
    }
    state[slots.level] = level;
    state[slots.length] = isSame ? ((state[slots.length] ?? 0) + length) / 2 : length;
    state[slots.strength] = strength;
    state[slots.misses] = 0;
  }

  #miss(): void {
    const misses = (this.#state[slots.misses] ?? 0) + 1;
    this.#state[slots.misses] = misses;
    if (misses >= mostMisses) this.#state.fill(0);
  }
}

/** Longest season that can be found, in steps. */
export const longestSeason = Math.floor((ringSize - 1) / 3) * 2 ** (levels - 1);
