import type { Arena } from '../../stats/arena.ts';

/** Once so many times as many rows were seen as are kept, older ones are forgotten as new ones come. */
const horizon = 4;

/** A uniform sample of the rows of the past (reservoir sampling, Vitter 1985, doi:10.1145/3147.3165). */
export class Rows {
  static bytes(capacity: number, width: number): number {
    return (capacity * width + 2) * 8;
  }
  readonly #capacity: number;
  readonly #width: number;
  readonly #values: Float64Array;
  /** Rows that are kept, and rows that were seen. */
  readonly #counts: Float64Array;

  constructor(arena: Arena, capacity: number, width: number) {
    this.#capacity = capacity;
    this.#width = width;
    this.#values = arena.doubles(capacity * width);
    this.#counts = arena.doubles(2);
  }

  get length(): number {
    return this.#counts[0] ?? 0;
  }

  learn(row: Float64Array, random: () => number): void {
    const { length } = this;
    const seen = Math.min((this.#counts[1] ?? 0) + 1, horizon * this.#capacity);
    this.#counts[1] = seen;
    if (length < this.#capacity) {
      this.#values.set(row, length * this.#width);
      this.#counts[0] = length + 1;
    } else if (random() < this.#capacity / seen) {
      this.#values.set(row, Math.floor(random() * this.#capacity) * this.#width);
    }
  }

  row(index: number): Float64Array {
    return this.#values.subarray(index * this.#width, (index + 1) * this.#width);
  }

  /** A copy of all, one after the other. */
  all(): Float64Array {
    return this.#values.slice(0, this.length * this.#width);
  }
}
