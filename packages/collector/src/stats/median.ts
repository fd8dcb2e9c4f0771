/** @returns NaN of nothing; of an even number of values the mean of the two in the middle */
export function median(values: readonly number[] | Float64Array): number {
  const numbers = values instanceof Float64Array ? values : Float64Array.from(values);
  return medianOfSorted(numbers.toSorted());
}

/** The same of values in ascending order. */
export function medianOfSorted(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
