import { expect, test } from 'vitest';
import { extentOf, sparkPath } from './spark-path.ts';

const column = (times: number[], values: number[]) => ({
  times: Float64Array.from(times),
  values: Float64Array.from(values),
});
const scale = { from: 0, to: 120_000, min: 0, max: 1 };

test('a line goes from left to right, high values on top, and a silence is left open', () => {
  const path = sparkPath(column([0, 10_000, 20_000, 90_000], [0, 0.5, 1, 1]), scale);
  expect(path).toBe('M0 20.0L10 10.0L20 0.0M90 0.0');
});

test('of many samples in one place the extremes are kept', () => {
  const path = sparkPath(column([1000, 1010, 1020, 1030], [0.5, 1, 0, 0.5]), scale);
  expect(path).toContain('L1 20.0L1 0.0');
});

test('without samples there is no path; the extent is of what is in view', () => {
  expect(sparkPath(column([], []), scale)).toBe('');
  expect(extentOf([column([0, 10, 20], [9, 1, 2])], 5)).toEqual({ min: 1, max: 2 });
  expect(extentOf([], 0)).toEqual({ min: 0, max: 1 });
});
