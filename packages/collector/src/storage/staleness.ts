import { staleRows, type SeriesColumn } from '@tarsier/protocol';

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
