/** How far a value is from what is usual in the same phase of the season. */
import type { UnixMs } from '@tarsier/protocol';
import { PastTail } from '../../stats/past-tail.ts';
import { TailCalibration } from '../../stats/tail-calibration.ts';
import { ThinnedTail } from '../../stats/thinned-tail.ts';
import type { ExpectedBand, SeriesDetectorKind } from '../detector.ts';
import { Band, mostSurprising, OnlineDetector } from '../online.ts';
import { Season } from './season.ts';

const views = ['phase', 'phase-lasting', 'mean'] as const;
/** Intervals that the step is the median of. */
const measured = 15;
/** Weight of a new value in the mean that stands for a season where there is none. */
const meanWeight = 1 / 300;
/** Weight of a new difference in the mean of the last ones: a season that does not come is odd for long. */
const lastWeight = 1 / 16;
/** One difference in so many teaches how far they go, so that what lasts does not make itself usual soon. */
const apart = 8;
const slots = { intervals: 0, step: 1, mean: 2, last: 3 } as const;

/** Exported for what the contract does not ask of every detector: the season. */
export class Seasonal extends OnlineDetector {
  readonly #state: Float64Array;
  readonly #intervals: Float64Array;
  readonly #season: Season;
  readonly #phase: PastTail;
  readonly #lasting: ThinnedTail;
  readonly #mean: PastTail;
  readonly #calibration: TailCalibration;
  readonly #seasonBand: Band;
  readonly #meanBand: Band;
  readonly #ofSeason = new Float64Array(2);
  /** What is expected in this phase, of the sample that is judged; NaN without a season. */
  #expected = Number.NaN;

  constructor(seed: number) {
    super(
      (4 + measured) * 8 +
        Season.bytes +
        2 * PastTail.bytes +
        ThinnedTail.bytes +
        TailCalibration.bytes +
        2 * Band.bytes,
      views.length,
    );
    this.#state = this.arena.doubles(4);
    this.#state[slots.mean] = Number.NaN;
    this.#intervals = this.arena.doubles(measured);
    this.#season = new Season(this.arena);
    this.#phase = new PastTail(this.arena, seed);
    this.#lasting = new ThinnedTail(this.arena, seed + 1, apart);
    this.#mean = new PastTail(this.arena, seed + 2);
    this.#calibration = new TailCalibration(this.arena, 4);
    this.#seasonBand = new Band(this.arena, seed + 3);
    this.#meanBand = new Band(this.arena, seed + 4);
  }

  /** In milliseconds; 0 while none is found. */
  get seasonMs(): number {
    return this.#season.steps * (this.#state[slots.step] ?? 0);
  }

  protected expect(time: UnixMs): ExpectedBand | undefined {
    const step = this.#state[slots.step] ?? 0;
    this.#expected = step === 0 ? Number.NaN : this.#season.expected(Math.round(time / step));
    const band = Number.isNaN(this.#expected) ? undefined : this.#seasonBand.around(this.#expected);
    return band ?? this.#meanBand.around(this.#state[slots.mean] ?? 0);
  }

  protected judge(time: UnixMs, value: number): number {
    const surprise = this.#ofPhase(value);
    const ofMean = this.#ofMean(value);
    const step = this.#state[slots.step] ?? 0;
    if (step === 0) this.#measure(time);
    else this.#season.push(Math.round(time / step), value);
    return this.#calibration.push(Number.isNaN(surprise) ? ofMean : surprise);
  }

  /** @returns NaN while there is no season, or too little is known of how well it is kept */
  #ofPhase(value: number): number {
    const difference = value - this.#expected;
    this.#ofSeason.fill(Number.NaN);
    if (!Number.isNaN(difference)) {
      const last = (this.#state[slots.last] ?? 0) + lastWeight * (difference - (this.#state[slots.last] ?? 0));
      this.#state[slots.last] = last;
      this.#ofSeason[0] = this.#phase.push(Math.abs(difference));
      this.#ofSeason[1] = this.#lasting.push(Math.abs(last));
      this.#seasonBand.learn(difference);
    }
    this.surprises.set(this.#ofSeason);
    return mostSurprising(this.#ofSeason);
  }

  #ofMean(value: number): number {
    const mean = this.#state[slots.mean] ?? Number.NaN;
    const difference = Number.isNaN(mean) ? 0 : value - mean;
    this.#state[slots.mean] = Number.isNaN(mean) ? value : mean + meanWeight * difference;
    this.#meanBand.learn(difference);
    const surprise = this.#mean.push(Math.abs(difference));
    this.surprises[2] = surprise;
    return surprise;
  }

  #measure(time: UnixMs): void {
    const count = this.#state[slots.intervals] ?? 0;
    const interval = time - this.newest;
    if (interval === Infinity) return;
    this.#intervals[count] = interval;
    this.#state[slots.intervals] = count + 1;
    if (count + 1 < measured) return;
    this.#state[slots.step] = Math.max(1, this.#intervals.toSorted()[measured >> 1] ?? 1);
  }
}

export const seasonal: SeriesDetectorKind = {
  name: 'seasonal',
  summary: 'distance from what is usual in the same phase of the season, which is found from the data',
  views,
  create: (seed) => new Seasonal(seed),
};
