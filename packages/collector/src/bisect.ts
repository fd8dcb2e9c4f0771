type Ascending = Float64Array | readonly number[];

/** How many are below a value: the index of the first that is not. */
export function countBelow(sorted: Ascending, value: number): number {
  return count(sorted, value, false);
}

/** How many are not above a value: the index of the first that is. */
export function countUpTo(sorted: Ascending, value: number): number {
  return count(sorted, value, true);
}

function count(sorted: Ascending, value: number, itself: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = sorted[middle] ?? Number.NaN;
    if (itself ? other <= value : other < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
