/** Whether mean or spread have changed, at three scales. */
import type { UnixMs } from '@tarsier/protocol';
import { TailCalibration } from '../../stats/tail-calibration.ts';
import { ThinnedTail } from '../../stats/thinned-tail.ts';
import type { ExpectedBand, SeriesDetectorKind } from '../detector.ts';
import { Band, mostSurprising, OnlineDetector } from '../online.ts';
import { LikelihoodRatio, scales } from './likelihood-ratio.ts';

const views = [...scales.map((steps) => `mean-${steps}`), ...scales.map((steps) => `spread-${steps}`)];

/** Ratios of neighbouring steps have nearly all samples in common. */
const apart = 8;
/** The views look at the same samples: together they are as often odd as so many that have nothing in common would be. */
const independent = 4;
/** Steps until what is usual of the longest stretches is known. */
const settled = 1_000;

class Changepoint extends OnlineDetector {
  readonly #ratio: LikelihoodRatio;
  readonly #tails: readonly ThinnedTail[];
  readonly #calibration: TailCalibration;
  readonly #band: Band;
  #mean = Number.NaN;

  constructor(seed: number) {
    super(LikelihoodRatio.bytes + views.length * ThinnedTail.bytes + TailCalibration.bytes + Band.bytes, views.length);
    this.#ratio = new LikelihoodRatio(this.arena);
    this.#tails = views.map((_, view) => new ThinnedTail(this.arena, seed + view, apart));
    this.#calibration = new TailCalibration(this.arena, apart, settled);
    this.#band = new Band(this.arena, seed + views.length);
  }

  protected expect(): ExpectedBand | undefined {
    this.#mean = this.#ratio.mean();
    return this.#band.around(this.#mean);
  }

  protected judge(_: UnixMs, value: number): number {
    if (!Number.isNaN(this.#mean)) this.#band.learn(value - this.#mean);
    this.#ratio.push(value);
    const { ofMean, ofVariance } = this.#ratio;
    for (const [view, tail] of this.#tails.entries()) {
      const ratio = (view < scales.length ? ofMean[view] : ofVariance[view - scales.length]) ?? Number.NaN;
      this.surprises[view] = Number.isNaN(ratio) ? ratio : tail.push(ratio);
    }
    return this.#calibration.push(mostSurprising(this.surprises, independent));
  }
}

export const changepoint: SeriesDetectorKind = {
  name: 'changepoint',
  summary: 'mean or spread of the last 8, 32 or 128 samples unlike those before, by likelihood ratios',
  views,
  create: (seed) => new Changepoint(seed),
};
