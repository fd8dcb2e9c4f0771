import type { SeriesColumn } from '@tarsier/protocol';

/** Prometheus's mark that a series ended: a NaN with these very bits. */
const staleBits = 0x7ff0_0000_0000_0002n;

/** Which values of a column are staleness markers. Reading a NaN as a number may change its bits, so they are looked at in place. */
export function staleRows({ values }: SeriesColumn): (row: number) => boolean {
  const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
  return (row) => bits[row] === staleBits;
}

/** Writes a marker; assigning the number might change its bits. */
export function markStale(values: Float64Array, row: number): void {
  new BigUint64Array(values.buffer, values.byteOffset, values.length)[row] = staleBits;
}

/** The column without its staleness markers; the same column where there are none. */
export function withoutStale(column: SeriesColumn): SeriesColumn {
  const { times, values } = column;
  let first = 0;
  // A number that is itself can't be a marker: most columns end here.
  while (first < values.length && values[first] === values[first]) first++;
  if (first === values.length) return column;
  const isStale = staleRows(column);
  const kept: number[] = [];
  for (let row = 0; row < values.length; row++) if (!isStale(row)) kept.push(row);
  if (kept.length === values.length) return column;
  return {
    times: Float64Array.from(kept, (row) => times[row] ?? 0),
    values: Float64Array.from(kept, (row) => values[row] ?? Number.NaN),
  };
}
