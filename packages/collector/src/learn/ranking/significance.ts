/** How sure it is that a series has changed, when many were looked at. */
import { median } from '../../stats/median.ts';
import { nextRandomState, randomOf } from '../../stats/random.ts';

/**
 * Chance of such a rank-biserial correlation where nothing has changed (Mann & Whitney 1947), with fewer independent
 * values where neighbours are alike.
 *
 * @param splits  how many places were tried, of which this is the best
 */
export function changeChance(
  values: Float64Array,
  { before, correlation, splits }: { readonly before: number; readonly correlation: number; readonly splits: number },
): number {
  const alike = neighbourCorrelation(values, before);
  const shrink = Math.max(0.05, (1 - alike) / (1 + alike));
  const [left, right] = [Math.max(2, before * shrink), Math.max(2, (values.length - before) * shrink)];
  const z = Math.abs(correlation) / Math.sqrt((left + right + 1) / (3 * left * right));
  return Math.min(1, splits * 2 * upperTail(z));
}

/** Of a normal distribution (Abramowitz & Stegun 1964, 26.2.17). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** Of each with the one before, around the median of its side of the split. */
function neighbourCorrelation(values: Float64Array, before: number): number {
  const middles = [median(values.subarray(0, before)), median(values.subarray(before))];
  const off = values.map((value, at) => value - (middles[at < before ? 0 : 1] ?? 0));
  let [products, squares] = [0, 0];
  for (let at = 1; at < off.length; at++) products += (off[at] ?? 0) * (off[at - 1] ?? 0);
  for (const each of off) squares += each ** 2;
  return squares === 0 ? 0 : Math.min(0.95, Math.max(0, products / squares));
}

/** For all together: each as likely as that any of those at least as unlikely is by chance (Holm 1979). */
export function holm(chances: readonly number[], compared: number): readonly number[] {
  const order = [...chances.keys()].toSorted((a, b) => (chances[a] ?? 0) - (chances[b] ?? 0));
  const adjusted = Array.from<number>({ length: chances.length });
  let least = 0;
  for (const [rank, at] of order.entries()) {
    least = Math.min(1, Math.max(least, (compared - rank) * (chances[at] ?? 1)));
    adjusted[at] = least;
  }
  return adjusted;
}

const resamples = 60;
/** Neighbours that are drawn together. */
const block = 4;

/**
 * In which share of resamples each is among the first: both sides of each split are drawn again, in blocks.
 *
 * @param splitAt  of each column the first value after it
 * @param score  as the columns were ranked
 */
export function rankConfidence(
  columns: readonly { readonly times: Float64Array; readonly values: Float64Array }[],
  splitAt: readonly number[],
  score: (column: { readonly times: Float64Array; readonly values: Float64Array }) => number,
  first: number,
  seed: number,
): readonly number[] {
  let state = seed >>> 0;
  const counts = columns.map(() => 0);
  const draw = (values: Float64Array, from: number, to: number, into: Float64Array): void => {
    for (let at = from; at < to;) {
      state = nextRandomState(state);
      const source = from + Math.floor(randomOf(state) * (to - from));
      for (let of = 0; of < block && at < to; of++, at++)
        into[at] = values[from + ((source - from + of) % (to - from))] ?? 0;
    }
  };
  for (let time = 0; time < resamples; time++) {
    const scores = columns.map(({ times, values }, at) => {
      const split = splitAt[at] ?? 0;
      const drawn = new Float64Array(values.length);
      draw(values, 0, split, drawn);
      draw(values, split, values.length, drawn);
      return score({ times, values: drawn });
    });
    const order = [...scores.keys()].toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
    for (const at of order.slice(0, first)) if ((scores[at] ?? 0) > 0) counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count) => count / resamples);
}

/** The plain way: how many standard deviations of before the mean after is away. */
export function meanShift(values: Float64Array, before: number): number {
  const [left, right] = [values.subarray(0, before), values.subarray(before)];
  const mean = (some: Float64Array): number => some.reduce((sum, value) => sum + value, 0) / Math.max(1, some.length);
  const middle = mean(left);
  const spread = Math.sqrt(mean(left.map((value) => (value - middle) ** 2)));
  const moved = Math.abs(mean(right) - middle);
  return moved === 0 ? 0 : moved / Math.max(spread, Number.MIN_VALUE);
}
