import { expect, test } from 'vitest';
import { Arena } from './arena.ts';
import { createNoise } from './noise.ts';
import { PastTail } from './past-tail.ts';

function learnt(values: readonly number[]): PastTail {
  const tail = new PastTail(new Arena(PastTail.bytes), 1);
  for (const value of values) tail.push(value);
  return tail;
}

test.each([0.1, 0.3, 0.7, 1e-40, 1e9 + 1, -0.1, 1e300])('a constant of %d is no surprise', (constant) => {
  expect(learnt(Array.from({ length: 500 }, () => constant)).surpriseOf(constant)).toBeLessThan(0.01);
});

test('chances of normal noise are within a factor of two and a half, far beyond all that was seen too', () => {
  const noise = createNoise(1);
  const tail = learnt(Array.from({ length: 4000 }, noise));
  // Upper tail of the normal distribution.
  for (const [sigmas, chance] of [
    [0, 0.5],
    [1.2816, 0.1],
    [2.3263, 0.01],
    [3.0902, 0.001],
  ] as const) {
    expect(Math.abs(tail.surpriseOf(sigmas) + Math.log10(chance))).toBeLessThan(0.4);
  }
  expect(tail.surpriseOf(8)).toBeGreaterThan(6);
  expect(tail.surpriseOf(1e300)).toBe(30);
});

test('nothing is said before 50 values', () => {
  expect(learnt(Array.from({ length: 49 }, (_, value) => value)).surpriseOf(100)).toBeNaN();
  expect(learnt(Array.from({ length: 50 }, (_, value) => value)).surpriseOf(100)).toBeGreaterThan(1);
});
