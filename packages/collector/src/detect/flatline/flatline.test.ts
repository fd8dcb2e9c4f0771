import { expect, test } from 'vitest';
import { createNoise, judge, take } from '../testing.ts';
import { flatline } from './flatline.ts';

const stuck = (length: number): number[] => take(length, () => 3.25);

test('a sensor that is stuck is an alarm at its second equal value, until it moves', () => {
  const noise = createNoise(1);
  const detector = flatline.create(1);
  judge(detector, take(1500, noise));
  const surprises = judge(detector, stuck(500), 1500);
  expect(surprises[0]).toBeLessThan(1);
  expect(Math.min(...surprises.slice(1))).toBeGreaterThanOrEqual(3);
  expect(judge(detector, [noise()], 2000)[0]).toBeLessThan(1);
});

test('where a few equal values are common, only many are an alarm', () => {
  const noise = createNoise(2);
  const detector = flatline.create(1);
  // Stands still in nine of ten steps: 100 in a row have a chance of 3 in 100,000.
  let value = 0;
  judge(
    detector,
    take(5000, () => (value += Number(noise() > 1.28))),
  );
  const surprises = judge(
    detector,
    take(200, () => value),
    5000,
  );
  expect(surprises[10]).toBeLessThan(2);
  expect(surprises.at(-1)).toBeGreaterThan(3);
});

test('a series that has never moved much has no verdict', () => {
  expect(judge(flatline.create(1), stuck(2000)).every(Number.isNaN)).toBe(true);
});

test('what stands still every night is usual from the third night on, and what is stuck for good after weeks', () => {
  const noise = createNoise(3);
  const day = [...take(192, noise), ...stuck(96)];
  const detector = flatline.create(1);
  const nights = [0, 1, 2, 3].map((night) => Math.max(...judge(detector, day, night * day.length).slice(200)));
  // 192 samples before it: no more surprise than one in as many.
  expect(nights[0]).toBeGreaterThan(2);
  expect(Math.max(...nights.slice(2))).toBeLessThan(2);
  const surprises = judge(detector, stuck(12_000), 4 * day.length);
  expect(surprises[4000]).toBeGreaterThanOrEqual(3);
  expect(surprises.at(-1)).toBeLessThan(3);
});
