/** How far a value is beyond what the tails of the past let expect. */
import type { UnixMs } from '@tarsier/protocol';
import { PastTail } from '../../stats/past-tail.ts';
import type { ExpectedBand, SeriesDetectorKind } from '../detector.ts';
import { mostSurprising, OnlineDetector } from '../online.ts';

const views = ['high', 'low', 'rise', 'fall'] as const;
/** Weight of a new value in the mean that rises and falls are measured from. */
const weight = 0.1;
/** Share of quiet samples within the band. */
const bandShare = 0.99;

class ExtremeValue extends OnlineDetector {
  readonly #mean: Float64Array;
  readonly #high: PastTail;
  readonly #low: PastTail;
  readonly #rise: PastTail;
  readonly #fall: PastTail;

  constructor(seed: number) {
    super(8 + views.length * PastTail.bytes, views.length);
    this.#mean = this.arena.doubles(1).fill(Number.NaN);
    this.#high = new PastTail(this.arena, seed);
    this.#low = new PastTail(this.arena, seed + 1);
    this.#rise = new PastTail(this.arena, seed + 2);
    this.#fall = new PastTail(this.arena, seed + 3);
  }

  protected expect(): ExpectedBand | undefined {
    const low = this.#high.quantile((1 - bandShare) / 2);
    if (Number.isNaN(low)) return undefined;
    return { low, middle: this.#high.quantile(0.5), high: this.#high.quantile((1 + bandShare) / 2) };
  }

  protected judge(_: UnixMs, value: number): number {
    const mean = this.#mean[0] ?? Number.NaN;
    const difference = value - mean;
    this.#mean[0] = Number.isNaN(mean) ? value : mean + weight * difference;
    const { surprises } = this;
    surprises[0] = this.#high.push(value);
    surprises[1] = this.#low.push(-value);
    if (Number.isNaN(mean)) return Number.NaN;
    surprises[2] = this.#rise.push(difference);
    surprises[3] = this.#fall.push(-difference);
    return mostSurprising(surprises);
  }
}

export const extremeValue: SeriesDetectorKind = {
  name: 'extreme-value',
  summary: 'values, rises and falls beyond the tails of the past, by a generalised Pareto distribution',
  views,
  create: (seed) => new ExtremeValue(seed),
};
