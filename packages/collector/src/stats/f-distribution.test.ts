import { expect, test } from 'vitest';
import { surpriseOfRatio } from './f-distribution.ts';

/** Critical values of tables (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.3). */
test.each([
  { over: 1, under: 1, chance: 0.05, ratio: 161.448 },
  { over: 8, under: 20, chance: 0.05, ratio: 2.447 },
  { over: 8, under: 20, chance: 0.01, ratio: 3.564 },
  { over: 10, under: 100, chance: 0.01, ratio: 2.503 },
  { over: 3, under: 7, chance: 0.1, ratio: 3.074 },
])(
  'a ratio of $ratio has a chance of $chance with $over and $under degrees of freedom',
  ({ over, under, chance, ratio }) => {
    expect(10 ** -surpriseOfRatio(ratio, over, under)).toBeCloseTo(chance, 4);
  },
);

test('grows without end, from nothing', () => {
  expect(surpriseOfRatio(0, 8, 20)).toBeCloseTo(0);
  const surprises = [0.1, 1, 10, 1e3, 1e30, 1e100].map((ratio) => surpriseOfRatio(ratio, 8, 20));
  expect(surprises).toEqual(surprises.toSorted((a, b) => a - b));
  // For two degrees of freedom the tail is a power: (1 + 2 ratio / under) ** (-under / 2).
  expect(surpriseOfRatio(1e100, 2, 20)).toBeCloseTo(10 * Math.log10(1e99), 6);
});
