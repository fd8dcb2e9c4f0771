import { setImmediate as nextTurn } from 'node:timers/promises';
import { TarsierError } from '@tarsier/protocol';

/** How long an evaluation may hold up everybody else, ms. */
const turnMs = 10;

/** What an evaluation has used, and whether it may go on. */
export class Work {
  readonly #signal: AbortSignal | undefined;
  readonly #maxSamples: number;
  readonly #now: () => number;
  #turnEnds: number;
  /** Samples read from the store. */
  samplesRead = 0;
  /** Samples read and points computed, all together: what the limit is on. */
  samplesHeld = 0;

  constructor({
    signal,
    maxSamples,
    now,
  }: {
    readonly signal: AbortSignal | undefined;
    readonly maxSamples: number;
    readonly now: () => number;
  }) {
    this.#signal = signal;
    this.#maxSamples = maxSamples;
    this.#now = now;
    this.#turnEnds = now() + turnMs;
  }

  /** @throws {TarsierError} `query/too-many-samples` */
  hold(samples: number): void {
    this.samplesHeld += samples;
    if (this.samplesHeld <= this.#maxSamples) return;
    throw new TarsierError(
      'query/too-many-samples',
      `query: expected at most ${this.#maxSamples} samples in an evaluation; narrow the range or the selector, or use a larger step`,
      { field: 'query' },
    );
  }

  /** To be called between two series: lets others have a turn, and ends when the query was given up. */
  pause(): Promise<void> | undefined {
    this.#signal?.throwIfAborted();
    return this.#now() < this.#turnEnds ? undefined : this.#yield();
  }

  async #yield(): Promise<void> {
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#turnEnds = this.#now() + turnMs;
  }
}
