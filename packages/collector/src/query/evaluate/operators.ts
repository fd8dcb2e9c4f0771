/** Hot file: operators on whole columns. */
import type { ArithmeticOperator, ComparisonOperator } from '../language/ast.ts';

/** `left[i] op right[i]` into a new column; what is not present is computed as well, and means nothing. */
export function arithmetic(op: ArithmeticOperator, left: Float64Array, right: Float64Array): Float64Array {
  const { length } = left;
  const result = new Float64Array(length);
  switch (op) {
    case '+':
      for (let i = 0; i < length; i++) result[i] = (left[i] ?? 0) + (right[i] ?? 0);
      break;
    case '-':
      for (let i = 0; i < length; i++) result[i] = (left[i] ?? 0) - (right[i] ?? 0);
      break;
    case '*':
      for (let i = 0; i < length; i++) result[i] = (left[i] ?? 0) * (right[i] ?? 0);
      break;
    case '/':
      for (let i = 0; i < length; i++) result[i] = (left[i] ?? 0) / (right[i] ?? 0);
      break;
    case '%':
      for (let i = 0; i < length; i++) result[i] = (left[i] ?? 0) % (right[i] ?? 0);
      break;
    case '^':
      for (let i = 0; i < length; i++) result[i] = power(left[i] ?? 0, right[i] ?? 0);
      break;
    case 'atan2':
      for (let i = 0; i < length; i++) result[i] = Math.atan2(left[i] ?? 0, right[i] ?? 0);
      break;
  }
  return result;
}

/** As IEEE 754 and C have it; the language says NaN for 1 to the NaN and for ±1 to the infinite. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  return base ** exponent;
}

/** 1 where `left[i] op right[i]` holds, else 0. */
export function comparison(op: ComparisonOperator, left: Float64Array, right: Float64Array): Uint8Array {
  const { length } = left;
  const holds = new Uint8Array(length);
  const test = comparisons[op];
  for (let i = 0; i < length; i++) holds[i] = test(left[i] ?? 0, right[i] ?? 0) ? 1 : 0;
  return holds;
}

const comparisons: Readonly<Record<ComparisonOperator, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
};

/** 1 where both are. */
export function both(a: Uint8Array, b: Uint8Array): Uint8Array {
  const result = new Uint8Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = (a[i] ?? 0) & (b[i] ?? 0);
  return result;
}

/** 1 where the first is and the second is not. */
export function butNot(a: Uint8Array, b: Uint8Array): Uint8Array {
  const result = new Uint8Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = (a[i] ?? 0) & ~(b[i] ?? 0) & 1;
  return result;
}

/** 1 where any is. */
export function anyPresent(columns: readonly { readonly present: Uint8Array }[], count: number): Uint8Array {
  const result = new Uint8Array(count);
  for (const { present } of columns) for (let i = 0; i < count; i++) result[i] = (result[i] ?? 0) | (present[i] ?? 0);
  return result;
}
