/** Hot file: the newest values of a series, and their means over stretches of several widths. */
import type { Arena } from '../../stats/arena.ts';

/** Steps back that can be looked at, at least. */
export const historySteps = 1536;
/** Room beyond, so that values are moved to the front only once in so many steps. */
const slack = 512;
const room = historySteps + slack;

/** Moving means of a series, each width beside the others. */
export class History {
  static bytes(widths: readonly number[]): number {
    return 8 + widths.length * room * 4;
  }
  readonly #widths: readonly number[];
  readonly #filled: Float64Array;
  /** One width behind the other; see {@link History.start}. */
  readonly means: Float32Array;

  /** @param widths  in steps, the first of them 1 */
  constructor(arena: Arena, widths: readonly number[]) {
    this.#widths = widths;
    this.#filled = arena.doubles(1);
    this.means = arena.singles(widths.length * room);
  }

  /** Where in {@link History.means} the oldest mean of a width is. */
  start(width: number): number {
    const index = this.#widths.indexOf(width);
    if (index === -1) throw new RangeError(`width: expected one of ${this.#widths.join(', ')}, got ${width}`);
    return index * room;
  }

  /** Distance of the newest mean of each width from the oldest. */
  get newest(): number {
    return (this.#filled[0] ?? 0) - 1;
  }

  push(value: number): void {
    const { means } = this;
    let filled = this.#filled[0] ?? 0;
    if (filled === room) {
      filled -= slack;
      for (let index = 0; index < this.#widths.length; index++) {
        means.copyWithin(index * room, index * room + slack, (index + 1) * room);
      }
    }
    this.#filled[0] = filled + 1;
    means[filled] = value;
    for (let index = 1; index < this.#widths.length; index++) {
      const width = Math.min(this.#widths[index] ?? 1, filled + 1);
      let sum = 0;
      for (let back = 0; back < width; back++) sum += means[filled - back] ?? 0;
      means[index * room + filled] = sum / width;
    }
  }
}
