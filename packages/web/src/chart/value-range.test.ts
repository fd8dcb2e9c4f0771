import { expect, test } from 'vitest';
import { holdRange, logRange, rangeLines, roundRange } from './value-range.ts';

test.each([
  [0.34, 0.01, 0.1, { min: 0, max: 0.4, step: 0.1 }],
  [0.02, 0.01, 0.1, { min: 0, max: 0.1, step: 0.025 }],
  [7.2 * 2 ** 30, 2 ** 30, 1024, { min: 0, max: 8 * 2 ** 30, step: 2 * 2 ** 30 }],
  [NaN, 1, 1, { min: 0, max: 1, step: 0.25 }],
])('values up to %d have a round range', (max, divisor, floor, expected) => {
  const range = roundRange(0, max, divisor, floor);
  expect(range.min).toBeCloseTo(expected.min);
  expect(range.max).toBeCloseTo(expected.max);
  expect(range.step).toBeCloseTo(expected.step);
});

test('values below zero are in the range', () => {
  expect(roundRange(-12, 30, 1, 1)).toEqual({ min: -20, max: 40, step: 20 });
});

test('a spike widens the axis at once, and it narrows half a minute after the spike has left', () => {
  const calm = roundRange(0, 10, 1, 1);
  const spike = roundRange(0, 90, 1, 1);
  let held = holdRange(undefined, calm, 0);
  held = holdRange(held, spike, 1_000);
  expect(held.range).toEqual(spike);
  for (let t = 2_000; t < 32_000; t += 1_000) held = holdRange(held, calm, t);
  expect(held.range).toEqual(spike);
  held = holdRange(held, calm, 32_000);
  expect(held.range).toEqual(calm);
});

test('a second spike within the half minute keeps the axis', () => {
  const calm = roundRange(0, 10, 1, 1);
  const spike = roundRange(0, 90, 1, 1);
  let held = holdRange({ range: spike }, calm, 0);
  held = holdRange(held, spike, 20_000);
  held = holdRange(held, calm, 21_000);
  expect(holdRange(held, calm, 40_000).range).toEqual(spike);
});

test('lines stand on every step', () => {
  expect(rangeLines({ min: 0, max: 8, step: 2 })).toEqual([0, 2, 4, 6, 8]);
});

test('a logarithmic axis has whole decades, one at least, and a line at each', () => {
  expect(logRange(0.02, 300)).toEqual({ min: 0.01, max: 1000, step: 0 });
  expect(rangeLines(logRange(0.02, 300))).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
  expect(rangeLines(logRange(5, 5))).toEqual([1, 10]);
  expect(rangeLines(logRange(Infinity, 0))).toEqual([1, 10]);
});
