import { expect, test } from 'vitest';
import { nextCount } from './next-count.ts';

test('what is expected is the mean of the weeks, as sure as chance allows', () => {
  expect(nextCount([4, 6, 5, 5])).toMatchObject({
    value: 5,
    low: expect.closeTo(1.8, 1),
    high: expect.closeTo(8.2, 1),
  });
  const wild = nextCount([0, 20, 1, 19]);
  expect(wild.high - wild.low).toBeGreaterThan(20);
  expect(nextCount([0, 0, 0])).toMatchObject({ value: 0, low: 0, high: 0 });
});

test('it says whether it beats saying the last week again: around a mean it does, on a slope it does not', () => {
  expect(nextCount([5, 9, 3, 8, 2, 9, 4]).isBetter).toBe(true);
  expect(nextCount([1, 3, 5, 7, 9, 11]).isBetter).toBe(false);
});
