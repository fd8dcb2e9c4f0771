/** @returns NaN of nothing; of an even number of values the mean of the two in the middle */
export function median(values: readonly number[] | Float64Array): number {
  const numbers = Float64Array.from(values);
  const { length } = numbers;
  if (length < fewest || hasNaN(numbers)) return medianOfSorted(numbers.toSorted());
  const middle = length >> 1;
  const upper = select(numbers, middle);
  return length % 2 === 1 ? upper : (mostOf(numbers.subarray(0, middle)) + upper) / 2;
}

/** The same of values in ascending order. */
export function medianOfSorted(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Fewer are sorted sooner; of 180 selecting takes less than half as long. */
const fewest = 32;

/**
 * Quickselect (Hoare 1961, doi:10.1145/366622.366647): moves what is lower than the value of that rank before it.
 *
 * @param values  no NaN
 * @param rank    0 for the lowest
 */
function select(values: Float64Array, rank: number): number {
  let [left, right] = [0, values.length - 1];
  while (left < right) {
    const pivot = values[(left + right) >> 1] ?? 0;
    let [low, high] = [left, right];
    while (low <= high) {
      while ((values[low] ?? 0) < pivot) low++;
      while ((values[high] ?? 0) > pivot) high--;
      if (low > high) break;
      const moved = values[low] ?? 0;
      values[low++] = values[high] ?? 0;
      values[high--] = moved;
    }
    if (rank <= high) right = high;
    else if (rank >= low) left = low;
    else break;
  }
  return values[rank] ?? Number.NaN;
}

function hasNaN(values: Float64Array): boolean {
  for (const value of values) if (Number.isNaN(value)) return true;
  return false;
}

function mostOf(values: Float64Array): number {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  return most;
}
