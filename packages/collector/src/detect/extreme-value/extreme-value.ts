/** How far a value is beyond what the tails of the past let expect. */
import type { UnixMs } from '@tarsier/protocol';
import { PastTail } from '../../stats/past-tail.ts';
import { TailCalibration } from '../../stats/tail-calibration.ts';
import type { ExpectedBand, SeriesDetectorKind } from '../detector.ts';
import { mostSurprising, OnlineDetector } from '../online.ts';

const views = ['high', 'low', 'rise', 'fall'] as const;
/** Weight of a new value in the mean that rises and falls are measured from. */
const weight = 0.1;
/** Share of quiet samples within the band. */
const bandShare = 0.99;
const slots = { mean: 0, first: 1 } as const;

class ExtremeValue extends OnlineDetector {
  /** Tails are kept in single precision: of differences to the first value, not of values. */
  readonly #state: Float64Array;
  readonly #high: PastTail;
  readonly #low: PastTail;
  readonly #rise: PastTail;
  readonly #fall: PastTail;
  readonly #calibration: TailCalibration;

  constructor(seed: number) {
    super(2 * 8 + views.length * PastTail.bytes + TailCalibration.bytes, views.length);
    this.#state = this.arena.doubles(2).fill(Number.NaN);
    this.#high = new PastTail(this.arena, seed);
    this.#low = new PastTail(this.arena, seed + 1);
    this.#rise = new PastTail(this.arena, seed + 2);
    this.#fall = new PastTail(this.arena, seed + 3);
    this.#calibration = new TailCalibration(this.arena, 1);
  }

  protected expect(): ExpectedBand | undefined {
    const first = this.#state[slots.first] ?? 0;
    const low = first + this.#high.quantile((1 - bandShare) / 2);
    if (Number.isNaN(low)) return undefined;
    return { low, middle: first + this.#high.quantile(0.5), high: first + this.#high.quantile((1 + bandShare) / 2) };
  }

  protected judge(_: UnixMs, value: number): number {
    const { surprises } = this;
    const isFirst = Number.isNaN(this.#state[slots.first]);
    if (isFirst) this.#state.fill(value);
    const level = value - (this.#state[slots.first] ?? 0);
    surprises[0] = this.#high.push(level);
    surprises[1] = this.#low.push(-level);
    if (isFirst) return Number.NaN;
    const mean = this.#state[slots.mean] ?? 0;
    this.#state[slots.mean] = mean + weight * (value - mean);
    const difference = value - mean;
    surprises[2] = this.#rise.push(difference);
    surprises[3] = this.#fall.push(-difference);
    return this.#calibration.push(mostSurprising(surprises));
  }
}

export const extremeValue: SeriesDetectorKind = {
  name: 'extreme-value',
  summary: 'values, rises and falls beyond the tails of the past, by a generalised Pareto distribution',
  views,
  create: (seed) => new ExtremeValue(seed),
};
