/** Binary operators with a scalar on one side, or on both. */
import { isComparison, isSetOperator, isTrim, type Binary } from '../language/ast.ts';
import { arithmetic, both, comparison } from './operators.ts';
import { hasSamples, type VectorSeries } from './value.ts';

export function scalarWithScalar({ op }: Binary, left: Float64Array, right: Float64Array): Float64Array {
  if (isSetOperator(op) || isTrim(op)) throw new TypeError(`${op} between scalars: the type check lets none through`);
  return isComparison(op) ? Float64Array.from(comparison(op, left, right)) : arithmetic(op, left, right);
}

/**
 * A comparison keeps the vector's value where it holds, whichever side it is on; with `bool` it is 1 or 0.
 *
 * @param scalarIsLeft  whether the scalar is the left operand
 */
export function vectorWithScalar(
  { op, bool }: Binary,
  vector: readonly VectorSeries[],
  scalar: Float64Array,
  scalarIsLeft: boolean,
): readonly VectorSeries[] {
  if (isSetOperator(op) || isTrim(op)) throw new TypeError(`${op} is no operation on values`);
  return vector
    .map((series): VectorSeries => {
      const [left, right] = scalarIsLeft ? [scalar, series.values] : [series.values, scalar];
      if (!isComparison(op)) return { ...series, dropName: true, values: arithmetic(op, left, right) };
      const holds = comparison(op, left, right);
      if (bool) return { ...series, dropName: true, values: Float64Array.from(holds) };
      return { ...series, present: both(series.present, holds) };
    })
    .filter(hasSamples);
}
