import { expect, test } from 'vitest';
import { stacked } from './stack.ts';

test('lines stand on each other, and a gap in one does not tear the others', () => {
  const of = (...values: number[]) => Float64Array.from(values);
  expect(stacked([of(1, 2, 3), of(10, NaN, 10), of(100, 100, NaN)]).map((column) => [...column])).toEqual([
    [1, 2, 3],
    [11, 2, 13],
    [111, 102, 13],
  ]);
});
