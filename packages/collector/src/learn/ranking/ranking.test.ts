import { expect, test } from 'vitest';
import { createNoise } from '../../stats/noise.ts';
import { changeChance, holm, meanShift, rankConfidence } from './significance.ts';

const noise = createNoise(1);
const column = (shift: number, spread = 1) => ({
  times: Float64Array.from({ length: 200 }, (_, at) => at),
  values: Float64Array.from({ length: 200 }, (_, at) => (at >= 120 ? shift : 0) + spread * noise()),
});

test('a change that is none is likely by chance, a real one is not, and alike neighbours make it likelier', () => {
  const split = { before: 120, splits: 40 };
  expect(changeChance(column(0).values, { ...split, correlation: 0.1 })).toBe(1);
  const clear = changeChance(column(3).values, { ...split, correlation: 0.95 });
  expect(clear).toBeLessThan(1e-6);
  let state = 0;
  const slow = Float64Array.from({ length: 200 }, () => (state = 0.9 * state + noise()));
  expect(changeChance(slow, { ...split, correlation: 0.95 })).toBeGreaterThan(1000 * clear);
});

test('with many series each chance counts for all of them', () => {
  expect(holm([0.01, 0.001, 0.2], 100)).toEqual([expect.closeTo(0.99, 10), expect.closeTo(0.1, 10), 1]);
});

test('what changed most is among the first in nearly all resamples, and noise is not', () => {
  const columns = [column(4), column(3), column(0), column(0), column(0)];
  const shares = rankConfidence(columns, [120, 120, 120, 120, 120], ({ values }) => meanShift(values, 120), 2, 5);
  expect(shares[0]).toBe(1);
  expect(shares[1]).toBe(1);
  expect(shares[2]).toBe(0);
  expect(meanShift(column(4).values, 120)).toBeGreaterThan(3);
  expect(meanShift(new Float64Array(10), 5)).toBe(0);
});
