/** Each line above the ones before it; a gap of one adds nothing to the others. */
export function stacked(values: readonly Float64Array[]): readonly Float64Array[] {
  const tops: Float64Array[] = [];
  for (const column of values) {
    const below = tops.at(-1);
    // Where a line has a gap, the next one stands on what is below the gap.
    tops.push(column.map((value, i) => (Number.isNaN(value) ? (below?.[i] ?? NaN) : value + (below?.[i] || 0))));
  }
  return tops;
}
