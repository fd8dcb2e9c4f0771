/** How many robust standard deviations a value is away from the mean of those before it. */
import type { UnixMs } from '@tarsier/protocol';
import { PastTail } from '../../stats/past-tail.ts';
import { RobustSpread } from '../../stats/robust-spread.ts';
import { TailCalibration } from '../../stats/tail-calibration.ts';
import type { ExpectedBand, SeriesDetectorKind } from '../detector.ts';
import { OnlineDetector } from '../online.ts';
import { LeastSpread } from './least-spread.ts';

/** Of the detector and of what watches every sample of a host. */
export const zscoreDefaults = {
  /** Distance that counts as unusual, in robust standard deviations. */
  sigmas: 2.5,
  /** Values before a series is judged. */
  warmup: 60,
  /** Weight of a new value: half of what was learnt is forgotten in about 200 values. */
  weight: 1 / 300,
} as const;

/** Keeps a spread of nothing from being divided by. */
const leastSigma = 1e-140;
/** Farther says nothing more. */
const farthest = 1e9;
/** What a value within the 2.5 sigma may surprise at most, -log10: as much as one of a normal distribution there. */
const mostWithin = 1.9;

class ZScore extends OnlineDetector {
  readonly #spread: RobustSpread;
  readonly #least: LeastSpread;
  readonly #tail: PastTail;
  readonly #calibration: TailCalibration;

  constructor(seed: number) {
    super(RobustSpread.bytes(1) + LeastSpread.bytes + PastTail.bytes + TailCalibration.bytes, 1);
    this.#spread = new RobustSpread(1, zscoreDefaults, this.arena);
    this.#least = new LeastSpread(this.arena);
    this.#tail = new PastTail(this.arena, seed);
    this.#calibration = new TailCalibration(this.arena, 1);
  }

  protected expect(): ExpectedBand | undefined {
    if (!this.#spread.isWarm(0)) return undefined;
    const middle = this.#spread.means[0] ?? 0;
    const reach = zscoreDefaults.sigmas * Math.max(this.#spread.sigma(0), this.#least.sigma);
    return { low: middle - reach, middle, high: middle + reach };
  }

  protected judge(_: UnixMs, value: number): number {
    const sigmas = this.#spread.push(0, value, Math.max(leastSigma, this.#least.sigma));
    this.#least.push(value);
    const ofTail = Number.isNaN(sigmas) ? sigmas : this.#tail.push(Math.min(sigmas, farthest));
    const surprise = this.#calibration.push(ofTail);
    this.surprises[0] = sigmas < zscoreDefaults.sigmas ? Math.min(surprise, mostWithin) : surprise;
    return this.surprises[0];
  }
}

export const zscore: SeriesDetectorKind = {
  name: 'zscore',
  summary: 'distance from a robust, exponentially weighted mean, in robust standard deviations; 2.5 is unusual',
  views: ['distance'],
  create: (seed) => new ZScore(seed),
};
