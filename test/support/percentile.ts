/**
 * By nearest rank: the least of the values that so large a share of them is not above.
 *
 * @param share  0 to 1; 1 for the largest
 * @returns NaN when there are none
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
