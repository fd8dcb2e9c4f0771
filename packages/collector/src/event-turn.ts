import { setImmediate as nextTurn } from 'node:timers/promises';

/** As long as a request takes that has next to nothing to do: others are held up by no more than one of those. */
const usualMs = 2;

/** A turn of the event loop, of a work that takes many: whoever does it asks between two steps whether it is over. */
export class EventTurn {
  readonly #ms: number;
  readonly #now: () => number;
  #ends: number;

  /** @param now  ms */
  constructor(ms = usualMs, now = () => performance.now()) {
    this.#ms = ms;
    this.#now = now;
    this.#ends = now() + ms;
  }

  isOver(): boolean {
    return this.#now() >= this.#ends;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#ends = this.#now() + this.#ms;
  }
}
