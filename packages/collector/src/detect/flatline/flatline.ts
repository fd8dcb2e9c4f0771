/** How long a series that usually moves has stood still. */
import type { UnixMs } from '@tarsier/protocol';
import { PastTail } from '../../stats/past-tail.ts';
import type { ExpectedBand, SeriesDetectorKind } from '../detector.ts';
import { Band, OnlineDetector } from '../online.ts';

/** Times that a series has moved before its standing still can be odd. */
const leastMoves = 50;
/** Ages that are as rare are learnt when they are over: a sensor that is stuck must not make itself usual. */
const heldFrom = 2;
/** Ages of one standstill that are learnt then, at most; the more there are, the wider apart. */
const mostLearnt = 256;
/** Samples after which it does become usual. */
const longest = 5000;
const slots = { previous: 0, age: 1, moves: 2, held: 3, first: 4 } as const;

class Flatline extends OnlineDetector {
  readonly #state: Float64Array;
  /** Of the number of equal values up to now, at each sample. */
  readonly #ages: PastTail;
  readonly #band: Band;

  constructor(seed: number) {
    super(5 * 8 + PastTail.bytes + Band.bytes, 1);
    this.#state = this.arena.doubles(5);
    this.#state[slots.previous] = Number.NaN;
    this.#ages = new PastTail(this.arena, seed);
    this.#band = new Band(this.arena, seed + 1);
  }

  protected expect(): ExpectedBand | undefined {
    return this.#band.around(this.#state[slots.first] ?? 0);
  }

  protected judge(_: UnixMs, value: number): number {
    const state = this.#state;
    if (Number.isNaN(state[slots.previous])) state[slots.first] = value;
    this.#band.learn(value - (state[slots.first] ?? 0));
    if (value === state[slots.previous]) state[slots.age] = (state[slots.age] ?? 0) + 1;
    else this.#move(value);
    const age = state[slots.age] ?? 0;
    const hasMoved = (state[slots.moves] ?? 0) >= leastMoves;
    const surprise = hasMoved ? this.#ages.surpriseOf(age) : Number.NaN;
    if (surprise >= heldFrom && age < longest) state[slots.held] = (state[slots.held] ?? 0) + 1;
    else this.#ages.push(age);
    this.surprises[0] = surprise;
    return surprise;
  }

  #move(value: number): void {
    const state = this.#state;
    this.#learnHeld(Math.min(state[slots.age] ?? 0, longest - 1), state[slots.held] ?? 0);
    state[slots.previous] = value;
    state[slots.age] = 1;
    state[slots.held] = 0;
    state[slots.moves] = Math.min((state[slots.moves] ?? 0) + 1, leastMoves);
  }

  #learnHeld(oldest: number, held: number): void {
    const apart = Math.ceil(held / mostLearnt);
    for (let back = 0; back < held; back += apart) this.#ages.push(oldest - back);
  }
}

export const flatline: SeriesDetectorKind = {
  name: 'flatline',
  summary: 'the same value for longer than ever, in a series that usually moves',
  views: ['standstill'],
  create: (seed) => new Flatline(seed),
};
