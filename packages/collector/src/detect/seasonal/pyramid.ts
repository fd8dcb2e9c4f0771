/** Hot file: the past of a series as means over spans that double from level to level. */
import type { Arena } from '../../stats/arena.ts';

/** 2^12 steps a bin at the top: a third of its ring is a week of samples a second apart. */
export const levels = 13;
export const ringSize = 512;
const mask = ringSize - 1;
/** Of each level: the bin that is filled now, its sum and count, and the first bin there was. */
const slots = { open: 0, sum: 1, count: 2, first: 3 } as const;
const width = 4;

/** Constant memory for any length of past: the newest 512 steps one by one, and the farther back the coarser. */
export class Pyramid {
  static readonly bytes = levels * (ringSize + width) * 8;
  readonly #ring: Float64Array;
  readonly #state: Float64Array;

  constructor(arena: Arena) {
    this.#ring = arena.doubles(levels * ringSize);
    this.#state = arena.doubles(levels * width).fill(Number.NaN);
  }

  /**
   * @param place  steps since some origin, a whole number, never less than before
   * @param closed  called for each level with a bin that is complete now
   */
  push(place: number, value: number, closed: (level: number, bin: number) => void): void {
    let span = 1;
    for (let level = 0; level < levels; level++, span *= 2) {
      const at = level * width;
      const bin = Math.floor(place / span);
      const open = this.#state[at + slots.open] ?? Number.NaN;
      if (bin === open) {
        this.#state[at + slots.sum] = (this.#state[at + slots.sum] ?? 0) + value;
        this.#state[at + slots.count] = (this.#state[at + slots.count] ?? 0) + 1;
        continue;
      }
      if (Number.isNaN(open)) this.#state[at + slots.first] = bin;
      else this.#close(level, open, bin);
      this.#state[at + slots.open] = bin;
      this.#state[at + slots.sum] = value;
      this.#state[at + slots.count] = 1;
      if (!Number.isNaN(open)) closed(level, open);
    }
  }

  /** Mean of a complete bin; NaN where nothing is known. */
  mean(level: number, bin: number): number {
    const open = this.#state[level * width + slots.open] ?? Number.NaN;
    const first = this.#state[level * width + slots.first] ?? Number.NaN;
    if (!(bin < open && bin >= first && bin > open - ringSize)) return Number.NaN;
    return this.#ring[level * ringSize + (bin & mask)] ?? Number.NaN;
  }

  /** Complete bins that are known of, gaps included. */
  known(level: number): number {
    const { open, first } = slots;
    const passed = (this.#state[level * width + open] ?? 0) - (this.#state[level * width + first] ?? 0);
    return passed > 0 ? Math.min(passed, ringSize - 1) : 0;
  }

  #close(level: number, open: number, bin: number): void {
    const sum = this.#state[level * width + slots.sum] ?? 0;
    const count = this.#state[level * width + slots.count] ?? 1;
    this.#ring[level * ringSize + (open & mask)] = sum / count;
    // Bins that nothing came for say nothing.
    const last = Math.min(bin, open + ringSize);
    for (let passed = open + 1; passed < last; passed++) {
      this.#ring[level * ringSize + (passed & mask)] = Number.NaN;
    }
  }
}
