/** Hot file: mean and spread of many series, in columns. `pnpm bench ingest` includes what it costs. */
import { Arena } from './arena.ts';

export interface RobustSpreadOptions {
  /** Weight of a new value once warmed up, 0 to 1: 1/300 forgets half in about 200 values. */
  readonly weight: number;
  /** Values before a series has a spread worth comparing with. */
  readonly warmup: number;
}

/** Values of one series in order, and room for what is said of them. */
export class SpreadRun {
  count = 0;
  readonly values: Float64Array;
  /** Distances from the mean before each, in standard deviations; NaN during the warm-up. */
  readonly scores: Float64Array;
  /** That mean. */
  readonly expected: Float64Array;

  /** @param most  values at a time */
  constructor(most: number) {
    this.values = new Float64Array(most);
    this.scores = new Float64Array(most);
    this.expected = new Float64Array(most);
  }
}

export interface SpreadFloor {
  readonly absolute: number;
  readonly relative: number;
}

/** Mean absolute deviation to standard deviation, for a normal distribution: sqrt(pi / 2). */
export const deviationToSigma = Math.sqrt(Math.PI / 2);
const mostCounted = 65_535;
/** A value farther than this from the mean counts as if it were this far, in standard deviations. */
const winsorAt = 3;

const single = new SpreadRun(1);
single.count = 1;

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
    single.values[0] = value;
    this.pushAll(series, single, { absolute: floor, relative: 0 });
    return single.scores[0] ?? Number.NaN;
  }

  /**
   * {@link push} of values that follow each other.
   *
   * @param floor  least standard deviation: the larger of `absolute` (> 0) and `relative` times the mean
   * @returns the largest score; -Infinity where there is none
   */
  pushAll(series: number, { count: length, values, scores, expected }: SpreadRun, floor: SpreadFloor): number {
    const [weight, warmup] = [this.#weight, this.#warmup];
    let count = this.counts[series] ?? 0;
    let mean = this.means[series] ?? 0;
    let deviation = this.deviations[series] ?? 0;
    let largest = -Infinity;
    for (let at = 0; at < length; at++) {
      const difference = (values[at] ?? 0) - mean;
      expected[at] = mean;
      if (count < warmup) {
        count++;
        mean += difference / count;
        if (count > 1) deviation += (Math.abs(difference) - deviation) / count;
        scores[at] = Number.NaN;
        continue;
      }
      const least = Math.max(floor.absolute, floor.relative * Math.abs(mean));
      // What few values tell of the spread is too little: neighbours resemble each other, and a ramp has just begun.
      const sigma = Math.max(deviationToSigma * deviation * (1 + warmup / count), least);
      if (count < mostCounted) count++;
      const limit = winsorAt * sigma;
      const bounded = difference > limit ? limit : difference < -limit ? -limit : difference;
      mean += weight * bounded;
      deviation += weight * (Math.abs(bounded) - deviation);
      const score = Math.abs(difference) / sigma;
      scores[at] = score;
      if (score > largest) largest = score;
    }
    this.counts[series] = count;
    this.means[series] = mean;
    this.deviations[series] = deviation;
    return largest;
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
