import { expect, test } from 'vitest';
import { createNoise } from '../detect/testing.ts';
import { Arena } from './arena.ts';
import { PastTail } from './past-tail.ts';

const made = (): PastTail => new PastTail(new Arena(PastTail.bytes), 1);

/** How often surprises of a kind of values are as high as 1, 2 and 3, as a multiple of 0.1, 0.01 and 0.001. */
function excess(draw: () => number, count: number): number[] {
  const tail = made();
  const over = [0, 0, 0];
  for (let at = 0; at < count + 2000; at++) {
    const surprise = tail.push(draw());
    for (let decade = 0; at >= 2000 && decade < 3; decade++)
      over[decade] = (over[decade] ?? 0) + Number(surprise > decade + 1);
  }
  return over.map((times, decade) => (times / count) * 10 ** (decade + 1));
}

const noise = createNoise(4);

test.each([
  { what: 'normal', draw: noise },
  { what: 'lognormal', draw: () => Math.exp(noise()) },
  { what: 'exponential', draw: () => noise() ** 2 + noise() ** 2 },
  {
    what: 'heavy-tailed (Student, 4 degrees of freedom)',
    draw: () => noise() / Math.hypot(noise(), noise(), noise(), noise()),
  },
])('of $what values as many are rare as their surprise says', ({ draw }) => {
  const [tenth = 0, hundredth = 0, thousandth = 0] = excess(draw, 40_000);
  expect(tenth).toBeGreaterThan(0.9);
  expect(tenth).toBeLessThan(1.1);
  expect(hundredth).toBeGreaterThan(0.7);
  expect(hundredth).toBeLessThan(1.4);
  // That what is rare is impossible is never assumed, so that thin tails have fewer.
  expect(thousandth).toBeGreaterThan(0.1);
  expect(thousandth).toBeLessThan(2);
});

test('says nothing before 50 values, then what is larger than all of a constant past is one chance in all', () => {
  const tail = made();
  for (let at = 0; at < 50; at++) expect(tail.push(7)).toBeNaN();
  expect(tail.surpriseOf(7)).toBeLessThan(0.01);
  expect(tail.surpriseOf(8)).toBeCloseTo(Math.log10(51));
  expect(tail.quantile(0.5)).toBe(7);
});
