import { TarsierError } from '@tarsier/protocol';
import { EventTurn } from '../../event-turn.ts';
import type { EngineLimits } from '../limits.ts';
import { sizeOf, type StoredSeries } from '../series-reader.ts';

/** How long an evaluation may hold up everybody else, ms. */
const turnMs = 4;

/** What an evaluation has used, and whether it may go on. */
export class Work {
  readonly #signal: AbortSignal | undefined;
  readonly #limits: Pick<EngineLimits, 'series' | 'samples'>;
  readonly #turn: EventTurn;
  /** Samples read from the store. */
  samplesRead = 0;
  /** Samples read and points computed, all together: what the limit is on. */
  samplesHeld = 0;
  #seriesRead = 0;

  constructor({
    signal,
    limits,
    now,
  }: {
    readonly signal: AbortSignal | undefined;
    readonly limits: Pick<EngineLimits, 'series' | 'samples'>;
    readonly now: () => number;
  }) {
    this.#signal = signal;
    this.#limits = limits;
    this.#turn = new EventTurn(turnMs, now);
  }

  /** What may still be read. */
  get left(): { readonly series: number; readonly samples: number } {
    return {
      series: this.#limits.series - this.#seriesRead,
      samples: this.#limits.samples - this.samplesHeld,
    };
  }

  /** @throws {TarsierError} `query/too-many-series`, `query/too-many-samples` */
  read(series: readonly StoredSeries[]): void {
    this.#seriesRead += series.length;
    if (this.#seriesRead > this.#limits.series) {
      throw new TarsierError(
        'query/too-many-series',
        `query: expected at most ${this.#limits.series} series in an evaluation; narrow the selectors`,
        { field: 'query' },
      );
    }
    const samples = series.reduce((sum, one) => sum + sizeOf(one), 0);
    this.samplesRead += samples;
    this.hold(samples);
  }

  /** @throws {TarsierError} `query/too-many-samples` */
  hold(samples: number): void {
    this.expect(samples);
    this.samplesHeld += samples;
  }

  /** As {@link Work.hold} of what is about to be computed: nothing is made room for that there is too much of. */
  expect(samples: number): void {
    if (this.samplesHeld + samples <= this.#limits.samples) return;
    this.samplesHeld += samples;
    throw new TarsierError(
      'query/too-many-samples',
      `query: expected at most ${this.#limits.samples} samples in an evaluation; narrow the range or the selector, or use a larger step`,
      { field: 'query' },
    );
  }

  /** To be called between two series: lets others have a turn, and ends when the query was given up. */
  pause(): Promise<void> | undefined {
    this.#signal?.throwIfAborted();
    return this.#turn.isOver() ? this.#yield() : undefined;
  }

  async #yield(): Promise<void> {
    await this.#turn.next();
    this.#signal?.throwIfAborted();
  }
}
