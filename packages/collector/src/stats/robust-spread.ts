/** Hot file: mean and spread of many series, in columns. `pnpm bench ingest` includes what it costs. */
import { Arena } from './arena.ts';

export interface RobustSpreadOptions {
  /** Weight of a new value once warmed up, 0 to 1: 1/300 forgets half in about 200 values. */
  readonly weight: number;
  /** Values before a series has a spread worth comparing with. */
  readonly warmup: number;
}

/** Mean absolute deviation to standard deviation, for a normal distribution: sqrt(pi / 2). */
const deviationToSigma = Math.sqrt(Math.PI / 2);
const mostCounted = 65_535;
/** A value farther than this from the mean counts as if it were this far, in standard deviations. */
const winsorAt = 3;

/**
 * Exponentially weighted mean and spread of each of `width` series, robust by winsorising: an outlier moves them no
 * more than a value three standard deviations away (Huber's proposal, Robust Statistics, 1981, section 5). A lasting
 * change is still learnt, because the spread grows while values stay far away.
 */
export class RobustSpread {
  /** What `width` series take of an arena. */
  static bytes(width: number): number {
    return 2 * 8 * width + Arena.bytesOfCounts(width);
  }
  readonly means: Float64Array;
  /** Mean absolute deviation from the mean. */
  readonly deviations: Float64Array;
  /** Values seen, as far as they can be counted. */
  readonly counts: Uint16Array;
  readonly #weight: number;
  readonly #warmup: number;

  constructor(
    width: number,
    { weight, warmup }: RobustSpreadOptions,
    arena: Arena = new Arena(RobustSpread.bytes(width)),
  ) {
    this.means = arena.doubles(width);
    this.deviations = arena.doubles(width);
    this.counts = arena.counts(width);
    this.#weight = weight;
    this.#warmup = warmup;
  }

  /**
   * @param floor  least standard deviation, > 0: below it differences do not matter to anybody
   * @returns distance from the mean before this value, in standard deviations; NaN during the warm-up
   */
  push(series: number, value: number, floor: number): number {
    const count = this.counts[series] ?? 0;
    const mean = this.means[series] ?? 0;
    const difference = value - mean;
    const deviation = this.deviations[series] ?? 0;
    if (count < this.#warmup) {
      this.counts[series] = count + 1;
      const weight = 1 / (count + 1);
      this.means[series] = mean + weight * difference;
      if (count > 0) this.deviations[series] = deviation + weight * (Math.abs(difference) - deviation);
      return Number.NaN;
    }
    if (count < mostCounted) this.counts[series] = count + 1;
    // What few values tell of the spread is too little: neighbours resemble each other, and a ramp has just begun.
    const sigma = Math.max(deviationToSigma * deviation * (1 + this.#warmup / count), floor);
    const limit = winsorAt * sigma;
    const bounded = difference > limit ? limit : difference < -limit ? -limit : difference;
    this.means[series] = mean + this.#weight * bounded;
    this.deviations[series] = deviation + this.#weight * (Math.abs(bounded) - deviation);
    return Math.abs(difference) / sigma;
  }

  /** Standard deviation that was learnt, without a floor. */
  sigma(series: number): number {
    return deviationToSigma * (this.deviations[series] ?? 0);
  }

  isWarm(series: number): boolean {
    return (this.counts[series] ?? 0) >= this.#warmup;
  }

  /** Starts warmed up, at a mean and a standard deviation that were learnt before. */
  seed(series: number, mean: number, sigma: number): void {
    this.means[series] = mean;
    this.deviations[series] = sigma / deviationToSigma;
    this.counts[series] = mostCounted;
  }

  /** Takes over one series' state from another layout. */
  copy(to: number, from: RobustSpread, series: number): void {
    this.means[to] = from.means[series] ?? 0;
    this.deviations[to] = from.deviations[series] ?? 0;
    this.counts[to] = from.counts[series] ?? 0;
  }
}
