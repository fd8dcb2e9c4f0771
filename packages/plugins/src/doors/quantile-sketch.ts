/**
 * Quantiles of a stream in bounded memory, right to 1 %: counts in buckets whose bounds grow by a constant ratio
 * (Masson, Rim & Lee 2019, DDSketch, doi:10.14778/3352063.3352135).
 */

const relativeError = 0.01;
const logGamma = Math.log((1 + relativeError) / (1 - relativeError));
/** Smaller magnitudes are 0, larger ones are this large: some 2,400 buckets of either sign. */
const smallest = 1e-9;
const largest = 1e12;
const fineBuckets = 512;
/** Beyond {@link fineBuckets}, so many buckets become one: no stream makes more than about 800. */
const coarse = 16;
/** Makes every index of a magnitude positive, so that its sign can be the value's. */
const offset = 1 + Math.ceil(-Math.log(smallest) / logGamma);

export interface QuantileSketch {
  /** @param weight  how many events it stands for */
  add(value: number, weight: number): void;
  /** @param quantile  0 to 1 @returns NaN when nothing was added */
  quantile(quantile: number): number;
  /** Buckets that are there. */
  readonly size: number;
  /** Adds what another has. */
  merge(other: QuantileSketch): void;
  entries(): Iterable<readonly [key: number, count: number]>;
  readonly least: number;
  readonly most: number;
  clear(): void;
}

export function createQuantileSketch(): QuantileSketch {
  const counts = new Map<number, number>();
  let total = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  return {
    add(value, weight) {
      let key = keyOf(value);
      if (counts.size >= fineBuckets && !counts.has(key)) key = Math.ceil(key / coarse) * coarse;
      counts.set(key, (counts.get(key) ?? 0) + weight);
      total += weight;
      if (value < least) least = value;
      if (value > most) most = value;
    },
    quantile(quantile) {
      if (total === 0) return Number.NaN;
      if (quantile >= 1) return most;
      let left = quantile * (total - 1);
      for (const key of [...counts.keys()].toSorted((a, b) => a - b)) {
        left -= counts.get(key) ?? 0;
        if (left < 0) return Math.min(Math.max(valueOf(key), least), most);
      }
      return most;
    },
    get size() {
      return counts.size;
    },
    merge(other) {
      for (const [key, count] of other.entries()) {
        counts.set(key, (counts.get(key) ?? 0) + count);
        total += count;
      }
      least = Math.min(least, other.least);
      most = Math.max(most, other.most);
    },
    entries: () => counts.entries(),
    get least() {
      return least;
    },
    get most() {
      return most;
    },
    clear() {
      counts.clear();
      total = 0;
      least = Number.POSITIVE_INFINITY;
      most = Number.NEGATIVE_INFINITY;
    },
  };
}

function keyOf(value: number): number {
  const magnitude = Math.min(Math.abs(value), largest);
  if (magnitude < smallest) return 0;
  return Math.sign(value) * (Math.ceil(Math.log(magnitude) / logGamma) + offset);
}

/** The middle of a bucket, by ratio. */
function valueOf(key: number): number {
  if (key === 0) return 0;
  const upper = Math.exp((Math.abs(key) - offset) * logGamma);
  return Math.sign(key) * upper * (1 - relativeError);
}
