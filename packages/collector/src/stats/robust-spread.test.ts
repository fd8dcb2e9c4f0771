import { expect, test } from 'vitest';
import { createNoise } from '../detect/testing.ts';
import { RobustSpread } from './robust-spread.ts';

const options = { weight: 1 / 300, warmup: 60 };

test('mean and spread of normal noise are found within a few percent', () => {
  const spread = new RobustSpread(1, options);
  const noise = createNoise(3);
  let sum = 0;
  const from = 1000;
  for (let at = 0; at < 20_000; at++) {
    spread.push(0, 50 + 4 * noise(), 0.001);
    if (at >= from) sum += spread.sigma(0);
  }
  expect(spread.means[0]).toBeCloseTo(50, 0);
  // 300 values remembered: a standard error of a few percent; winsorising at 3 sigma takes half a percent.
  expect(sum / (20_000 - from) / 4).toBeGreaterThan(0.97);
  expect(sum / (20_000 - from) / 4).toBeLessThan(1.03);
});

test('an outlier of a thousand sigma moves the mean no more than one of three', () => {
  const spread = new RobustSpread(1, options);
  const noise = createNoise(1);
  for (let at = 0; at < 1000; at++) spread.push(0, noise(), 0.001);
  const [mean = 0] = spread.means;
  // A thousand values tell a little less than all.
  const sigma = spread.sigma(0) * (1 + 60 / 1000);
  expect(spread.push(0, mean + 1000 * sigma, 0.001)).toBeCloseTo(1000);
  expect((spread.means[0] ?? 0) - mean).toBeCloseTo((3 * sigma) / 300);
  expect(spread.sigma(0) / sigma).toBeLessThan(1.01);
});

test('nothing is scored before the warm-up, and the floor is the least spread', () => {
  const spread = new RobustSpread(2, options);
  for (let at = 0; at < 60; at++) expect(spread.push(1, 7, 0.5)).toBeNaN();
  expect(spread.isWarm(1)).toBe(true);
  expect(spread.isWarm(0)).toBe(false);
  expect(spread.push(1, 8, 0.5)).toBe(2);
});

test('a lasting change is learnt within minutes, not seconds', () => {
  const spread = new RobustSpread(1, options);
  const noise = createNoise(2);
  for (let at = 0; at < 600; at++) spread.push(0, 10 + noise(), 0.1);
  const scores = Array.from({ length: 1200 }, () => spread.push(0, 60 + noise(), 0.1));
  const usualFrom = scores.findIndex((score) => score < 2.5);
  expect(usualFrom).toBeGreaterThan(60);
  expect(usualFrom).toBeLessThan(600);
});

test('a state that was learnt before is taken up where it was', () => {
  const spread = new RobustSpread(1, options);
  spread.seed(0, 5, 2);
  expect(spread.sigma(0)).toBeCloseTo(2);
  expect(spread.push(0, 11, 0.1)).toBeCloseTo(3);
});
