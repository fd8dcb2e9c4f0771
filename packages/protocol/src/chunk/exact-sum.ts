import { decimalExponent, powersOfTen } from '../column.ts';

/**
 * The sum of `values[from..to)`. Of whole numbers and short decimals it is exact, so that it does not depend on how
 * they were grouped before; of others it is taken in order.
 */
export function exactSum(values: Float64Array, from = 0, to = values.length): number {
  let sum = 0;
  let whole = true;
  for (let row = from; row < to; row++) {
    const value = values[row] ?? 0;
    sum += value;
    whole &&= Math.floor(value) === value;
  }
  if (whole || Math.abs(sum) > Number.MAX_SAFE_INTEGER / 1e7) return sum;
  const exponent = decimalExponent(values.subarray(from, to));
  if (exponent === undefined) return sum;
  const power = powersOfTen[exponent] ?? 1;
  let scaled = 0;
  for (let row = from; row < to; row++) scaled += Math.round((values[row] ?? 0) * power);
  return scaled / power;
}
