/** Hot file: how far the newest stretch of a series is from every earlier one. `pnpm bench detect` has its cost. */
import { historySteps, type History } from './history.ts';

/** Of the call that goes on: never read by the next. */
const scratch = new Float64Array(historySteps);

/** A part of a stretch: the mean over `width` steps that end `lag` steps ago. */
export interface Block {
  readonly lag: number;
  readonly width: number;
}

/**
 * Distance to the nearest neighbour in a delay embedding (a discord: Keogh et al. 2005, doi:10.1109/ICDM.2005.79;
 * online: Burnaev & Ishimtsev 2016, arXiv:1608.04585). A stretch is described by the means of its blocks. Values are
 * compared as they are: an amplitude that was never there is as odd as a shape.
 */
export class Pattern {
  readonly #history: History;
  /** Where the means of each block start in the history, as seen from the end of a stretch. */
  readonly #starts: Int32Array;
  readonly #span: number;
  readonly #newest: Float64Array;

  constructor(history: History, blocks: readonly Block[]) {
    this.#history = history;
    this.#starts = Int32Array.from(blocks, ({ lag, width }) => history.start(width) - lag);
    this.#span = Math.max(...blocks.map(({ lag, width }) => lag + width));
    this.#newest = new Float64Array(blocks.length);
  }

  /** @returns distance of the newest stretch from the nearest that does not overlap it; NaN while there is none */
  distance(): number {
    const { means, newest: end } = this.#history;
    const span = this.#span;
    const starts = this.#starts;
    const newest = this.#newest;
    const blocks = starts.length;
    for (let block = 0; block < blocks; block++) newest[block] = means[(starts[block] ?? 0) + end] ?? 0;
    const first = Math.max(span - 1, end + 1 - historySteps + span);
    const length = end - span - first + 1;
    if (length <= 0) return Number.NaN;
    // Blocks over all stretches, two by two: to leave a stretch as soon as it is too far costs more than it saves.
    scratch.fill(0, 0, length);
    for (let block = 0; block < blocks; block += 2) {
      const other = Math.min(block + 1, blocks - 1);
      const [one, two] = [newest[block] ?? 0, newest[other] ?? 0];
      addSquares(length, one, two, means, (starts[block] ?? 0) + first, (starts[other] ?? 0) + first);
    }
    let nearest = Infinity;
    for (let at = 0; at < length; at++) {
      const distance = scratch[at] as number;
      if (distance < nearest) nearest = distance;
    }
    return Math.sqrt(nearest);
  }
}

/** Adds to the scratch how far two values are from those of each stretch. */
function addSquares(length: number, one: number, two: number, means: Float32Array, ones: number, twos: number): void {
  for (let at = 0; at < length; at++) {
    const ofOne = one - (means[ones + at] as number);
    const ofTwo = two - (means[twos + at] as number);
    scratch[at] = (scratch[at] as number) + ofOne * ofOne + ofTwo * ofTwo;
  }
}
