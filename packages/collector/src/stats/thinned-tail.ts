import type { Arena } from './arena.ts';
import { PastTail } from './past-tail.ts';

/** Numbers of which each is learnt, so that there is a verdict soon. */
const atFirst = 60;

/**
 * The upper tail of a series of numbers of which neighbours resemble each other, of whose past one in several is learnt:
 * as good a picture, over a longer past, and what lasts takes as many times longer to make itself usual.
 */
export class ThinnedTail {
  static readonly bytes = PastTail.bytes + 8;
  readonly #tail: PastTail;
  readonly #count: Float64Array;
  readonly #apart: number;

  /** @param apart  one of so many is learnt */
  constructor(arena: Arena, seed: number, apart: number) {
    this.#tail = new PastTail(arena, seed);
    this.#count = arena.doubles(1);
    this.#apart = apart;
  }

  /** As {@link PastTail.push}. */
  push(value: number): number {
    const count = (this.#count[0] ?? 0) + 1;
    this.#count[0] = count;
    const isLearnt = count <= atFirst || count % this.#apart === 0;
    return isLearnt ? this.#tail.push(value) : this.#tail.surpriseOf(value);
  }
}
