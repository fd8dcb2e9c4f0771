/** Hot file: is the newest stretch of a series from the same distribution as what was before it? */
import type { Arena } from '../../stats/arena.ts';

/** Steps of the newest stretch, each. */
export const scales = [8, 32, 128] as const;
/** Steps before the stretch that it is compared with, at most; and at least, or as many as it has. */
const mostBefore = 256;
const leastBefore = 32;
const ringSize = 512;
const mask = ringSize - 1;
/** Variance that is rounding, as a part of the squared mean, and of nothing at all. */
const rounding = 1e-24;
const nothing = 1e-280;

/**
 * Generalised likelihood ratios of a change of mean, and one of variance, in normal noise (Lai 1995,
 * doi:10.1111/j.2517-6161.1995.tb02052.x: windows of a few lengths instead of every place, which bounds memory and
 * time). They are sums of what is in memory, never running ones: rounding does not add up, and what was huge is gone
 * once it is over.
 */
export class LikelihoodRatio {
  static readonly bytes = (ringSize + 1) * 8;
  /** Of each scale; NaN while too little is known. */
  readonly ofMean = new Float64Array(scales.length).fill(Number.NaN);
  readonly ofVariance = new Float64Array(scales.length).fill(Number.NaN);
  readonly #ring: Float64Array;
  readonly #count: Float64Array;

  constructor(arena: Arena) {
    this.#ring = arena.doubles(ringSize);
    this.#count = arena.doubles(1);
  }

  push(value: number): void {
    const count = (this.#count[0] ?? 0) + 1;
    this.#ring[count & mask] = value;
    this.#count[0] = count;
    const centre = this.mean();
    for (const [scale, length] of scales.entries()) {
      const before = Math.min(mostBefore, count - length);
      if (before < Math.max(leastBefore, length)) this.#say(scale, Number.NaN, Number.NaN);
      else this.#compare(scale, length, before, centre);
    }
  }

  /** Of what stretches are compared with; NaN of nothing. */
  mean(): number {
    const count = this.#count[0] ?? 0;
    const length = Math.min(count, mostBefore);
    let sum = 0;
    for (let back = 0; back < length; back++) sum += this.#ring[(count - back) & mask] ?? 0;
    return sum / length;
  }

  /** @param centre  sums are taken around, for the sake of precision */
  #compare(scale: number, length: number, before: number, centre: number): void {
    const count = this.#count[0] ?? 0;
    const [sum, squares] = this.#sums(count, length, centre);
    const [sumBefore, squaresBefore] = this.#sums(count - length, before, centre);
    const least = rounding * centre * centre + nothing;
    const difference = sum / length - sumBefore / before;
    const within = Math.max(0, squares - (sum * sum) / length);
    const withinBefore = Math.max(0, squaresBefore - (sumBefore * sumBefore) / before);
    const all = length + before;
    const pooled = (within + withinBefore) / all + least;
    const between = (difference * difference * length * before) / (all * all);
    this.#say(
      scale,
      all * Math.log1p(between / pooled),
      all * Math.log(pooled) -
        length * Math.log(within / length + least) -
        before * Math.log(withinBefore / before + least),
    );
  }

  #sums(newest: number, length: number, centre: number): readonly [sum: number, squares: number] {
    let sum = 0;
    let squares = 0;
    for (let back = 0; back < length; back++) {
      const difference = (this.#ring[(newest - back) & mask] ?? 0) - centre;
      sum += difference;
      squares += difference * difference;
    }
    return [sum, squares];
  }

  #say(scale: number, ofMean: number, ofVariance: number): void {
    this.ofMean[scale] = ofMean;
    this.ofVariance[scale] = ofVariance;
  }
}
