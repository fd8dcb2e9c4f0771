/** How long a series that usually has samples has had none. */
import type { UnixMs } from '@tarsier/protocol';
import { PastTail } from '../../stats/past-tail.ts';
import type { SeriesDetectorKind } from '../detector.ts';
import { OnlineDetector } from '../online.ts';

/** Usual intervals without a sample that are never an alarm: one scrape may fail, and the next be late. */
const patience = 3;
/** What a silence within these may surprise at most, -log10: just less than an alarm. */
const mostWithin = 1.9;

class NoData extends OnlineDetector {
  readonly #intervals: PastTail;

  constructor(seed: number) {
    super(PastTail.bytes, 1);
    this.#intervals = new PastTail(this.arena, seed);
  }

  surpriseOfSilence(now: UnixMs): number {
    const interval = now - this.newest;
    // Before the first sample there is no silence.
    return interval > 0 && interval < Infinity ? this.#surpriseOf(interval) : Number.NaN;
  }

  /** It says nothing of values. */
  protected expect(): undefined {
    return undefined;
  }

  protected judge(time: UnixMs): number {
    const interval = time - this.newest;
    const isFirst = interval === Infinity;
    const surprise = isFirst ? Number.NaN : this.#surpriseOf(interval);
    if (!isFirst) this.#intervals.push(interval);
    this.surprises[0] = surprise;
    return surprise;
  }

  #surpriseOf(interval: number): number {
    const surprise = this.#intervals.surpriseOf(interval);
    return interval < patience * this.#intervals.quantile(0.5) ? Math.min(surprise, mostWithin) : surprise;
  }
}

export const noData: SeriesDetectorKind = {
  name: 'no-data',
  summary: 'no sample for longer than ever: judged when the next one comes, or when asked meanwhile',
  views: ['silence'],
  create: (seed) => new NoData(seed),
};
