/** Hot file: the rows of several sources in one order. */
import { bitsOf, type BlockRows } from '@tarsier/protocol/chunk';

export interface MergedRows extends BlockRows {
  /** For each row where it comes from, counted over all sources; absent when they are in order as they are. */
  readonly order?: Int32Array;
}

/**
 * By time, then epoch, then seq. A batch that was stored twice gives its rows once.
 *
 * @param sources  each in that order
 */
export function mergeRows(sources: readonly BlockRows[]): MergedRows {
  const total = sources.reduce((sum, { times }) => sum + times.length, 0);
  const times = new Float64Array(total);
  const epochs = new Float64Array(total);
  const seqs = new Float64Array(total);
  let next = 0;
  for (const source of sources) {
    times.set(source.times, next);
    epochs.set(source.epochs, next);
    seqs.set(source.seqs, next);
    next += source.times.length;
  }
  const compare = (a: number, b: number): number =>
    (times[a] ?? 0) - (times[b] ?? 0) || (epochs[a] ?? 0) - (epochs[b] ?? 0) || (seqs[a] ?? 0) - (seqs[b] ?? 0);
  let inOrder = true;
  for (let row = 1; row < total && inOrder; row++) inOrder = compare(row - 1, row) < 0;
  if (inOrder) return { times, epochs, seqs };
  const sorted = Int32Array.from({ length: total }, (_, row) => row).toSorted((a, b) => compare(a, b) || a - b);
  const order = sorted.filter((row, at) => at === 0 || compare(sorted[at - 1] ?? 0, row) !== 0);
  const pick = (column: Float64Array): Float64Array => Float64Array.from(order, (row) => column[row] ?? 0);
  return { times: pick(times), epochs: pick(epochs), seqs: pick(seqs), order };
}

/** One column of all sources, one after the other, in the merged order. Copied as bits: NaN keeps its payload. */
export function inOrder(values: Float64Array, order: Int32Array | undefined): Float64Array {
  if (order === undefined) return values;
  const sorted = new Float64Array(order.length);
  const from = bitsOf(values);
  const to = bitsOf(sorted);
  for (let row = 0; row < order.length; row++) {
    const source = (order[row] ?? 0) * 2;
    to[row * 2] = from[source] ?? 0;
    to[row * 2 + 1] = from[source + 1] ?? 0;
  }
  return sorted;
}

export function maskInOrder(mask: Uint8Array, order: Int32Array | undefined): Uint8Array {
  return order === undefined ? mask : Uint8Array.from(order, (row) => mask[row] ?? 0);
}
