import { expect, test } from 'vitest';
import { createNoise, judge, take } from '../testing.ts';
import { zscore, zscoreDefaults } from './zscore.ts';

const learnt = (values: readonly number[]) => {
  const detector = zscore.create(1);
  judge(detector, values);
  let step = values.length;
  return { surpriseOf: (value: number): number => judge(detector, [value], step++)[0] ?? Number.NaN, detector };
};

test.each([-8, 8])('a value %d sigma away is an alarm at once', (sigmas) => {
  const noise = createNoise(1);
  const { surpriseOf } = learnt(take(2000, () => 50 + 3 * noise()));
  expect(surpriseOf(50 + 3 * sigmas)).toBeGreaterThan(4);
});

test('a value within 2.5 sigma is no alarm, even where nothing was ever so far away', () => {
  const ramp = Array.from({ length: 3000 }, (_, step) => (step * 7919) % 1000);
  const { surpriseOf, detector } = learnt(ramp);
  // The largest of evenly spread values is 1.7 standard deviations from their mean.
  const { middle, high } = detector.expected() ?? { middle: 0, high: 0 };
  expect((high - middle) / zscoreDefaults.sigmas).toBeCloseTo(1000 / Math.sqrt(12), -2);
  expect(surpriseOf(1100)).toBeLessThan(2);
  expect(surpriseOf(2600)).toBeGreaterThan(3);
});

test('a series that hardly ever moves has a spread all the same', () => {
  const noise = createNoise(3);
  const { surpriseOf } = learnt(take(3000, () => 7 + Math.round(0.4 * noise())));
  expect(surpriseOf(8)).toBeLessThan(2);
  expect(surpriseOf(20)).toBeGreaterThan(3);
});

test('in a constant series the first other value is as odd as its length says', () => {
  const { surpriseOf } = learnt(take(999, () => 42));
  expect(surpriseOf(42.1)).toBeGreaterThan(2.9);
});
