import type { SeriesColumn } from './sample.ts';

/** Prometheus's mark that a series ended: a NaN with these very bits. */
const staleBits = 0x7ff0_0000_0000_0002n;

/** Which values of a column are staleness markers. Reading a NaN as a number may change its bits, so they are looked at in place. */
export function staleRows({ values }: Pick<SeriesColumn, 'values'>): (row: number) => boolean {
  const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
  return (row) => bits[row] === staleBits;
}

/** Writes a marker; assigning the number might change its bits. */
export function markStale(values: Float64Array, row: number): void {
  new BigUint64Array(values.buffer, values.byteOffset, values.length)[row] = staleBits;
}
