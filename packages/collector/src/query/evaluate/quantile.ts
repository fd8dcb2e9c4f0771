/**
 * The φ-quantile of some values by linear interpolation; NaN counts as the smallest.
 *
 * @param values  is put in order
 * @returns NaN without values or for a NaN φ, -Inf for φ < 0, +Inf for φ > 1
 */
export function quantileOf(phi: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(phi)) return Number.NaN;
  if (phi < 0) return -Infinity;
  if (phi > 1) return Infinity;
  // Without a comparison of one's own it is ten times as fast, and puts NaN last.
  values.sort();
  let numbers = values.length;
  while (numbers > 0 && Number.isNaN(values[numbers - 1])) numbers--;
  const nans = values.length - numbers;
  const at = (place: number): number => (place < nans ? Number.NaN : (values[place - nans] ?? Number.NaN));
  const rank = phi * (values.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return at(lower) * (1 - weight) + at(upper) * weight;
}

/** Whether φ is one that a quantile can be asked for. */
export function isQuantile(phi: number): boolean {
  return phi >= 0 && phi <= 1;
}
