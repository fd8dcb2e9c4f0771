/** Hot file: how far the newest stretch of a series is from every earlier one. `pnpm bench detect` has its cost. */
import type { Arena } from '../../stats/arena.ts';

/** Stretches that the newest one is compared with. */
const history = 2048;

/**
 * Distance to the nearest neighbour in a delay embedding (a discord: Keogh et al. 2005, doi:10.1109/ICDM.2005.79;
 * online: Burnaev & Ishimtsev 2016, arXiv:1608.04585). A stretch is described by means over blocks of its past, given
 * by their edges in steps back from now.
 */
export class Pattern {
  static bytes(edges: readonly number[]): number {
    const span = edges.at(-1) ?? 1;
    return (1 + 2 * span + (edges.length - 1) * history) * 8;
  }
  readonly #edges: readonly number[];
  readonly #blocks: number;
  readonly #span: number;
  /** The last `span` values, twice in a row, so that each block is one stretch of memory. */
  readonly #recent: Float64Array;
  /** Descriptions in a ring, block by block beside each other. */
  readonly #described: Float64Array;
  readonly #count: Float64Array;

  constructor(arena: Arena, edges: readonly number[]) {
    this.#edges = edges;
    this.#blocks = edges.length - 1;
    this.#span = edges.at(-1) ?? 1;
    this.#count = arena.doubles(1);
    this.#recent = arena.doubles(2 * this.#span);
    this.#described = arena.doubles(this.#blocks * history);
  }

  /** @returns the distance; NaN while there is nothing to compare with */
  push(value: number): number {
    const count = this.#count[0] ?? 0;
    const slot = count % this.#span;
    this.#recent[slot] = value;
    this.#recent[slot + this.#span] = value;
    this.#count[0] = count + 1;
    const newest = count + 1 - this.#span;
    if (newest < 0) return Number.NaN;
    this.#describe(newest, slot + this.#span);
    const nearest = this.#nearest(newest);
    return nearest === Infinity ? Number.NaN : Math.sqrt(nearest);
  }

  #describe(stretch: number, newest: number): void {
    const base = (stretch % history) * this.#blocks;
    for (let block = 0; block < this.#blocks; block++) {
      const near = this.#edges[block] ?? 0;
      const far = this.#edges[block + 1] ?? 0;
      let sum = 0;
      for (let back = near; back < far; back++) sum += this.#recent[newest - back] ?? 0;
      this.#described[base + block] = sum / (far - near);
    }
  }

  /** Least squared distance to a stretch that does not overlap the newest one. */
  #nearest(newest: number): number {
    const blocks = this.#blocks;
    const first = Math.max(0, newest + 1 - history);
    const described = this.#described;
    const base = (newest % history) * blocks;
    let nearest = Infinity;
    for (let stretch = newest - this.#span; stretch >= first; stretch--) {
      const other = (stretch % history) * blocks;
      let distance = 0;
      for (let block = 0; block < blocks; block++) {
        const difference = (described[base + block] ?? 0) - (described[other + block] ?? 0);
        distance += difference * difference;
        if (distance >= nearest) break;
      }
      if (distance < nearest) nearest = distance;
    }
    return nearest;
  }
}
