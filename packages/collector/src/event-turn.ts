import { setImmediate as nextTurn } from 'node:timers/promises';

/** As long as a request takes that has next to nothing to do: others are held up by no more than one of those. */
const turnMs = 2;

/** A turn of the event loop, of a work that takes many: whoever does it asks between two steps whether it is over. */
export class EventTurn {
  #ends = performance.now() + turnMs;

  isOver(): boolean {
    return performance.now() >= this.#ends;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#ends = performance.now() + turnMs;
  }
}
