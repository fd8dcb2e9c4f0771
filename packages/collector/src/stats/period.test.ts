import { expect, test } from 'vitest';
import { createNoise } from './noise.ts';
import { findPeriod } from './period.ts';

const length = 511;
const noise = createNoise(3);
const of = (valueAt: (step: number) => number, steps = length): Float64Array =>
  Float64Array.from({ length: steps }, (_, step) => valueAt(step));
const wave = (period: number, step: number): number => Math.sin((2 * Math.PI * step) / period);

test.each([4, 7, 12.5, 24, 50.4, 96, 144, 168])('a wave of %d steps under noise has that period', (period) => {
  const found = findPeriod(of((step) => 2 * wave(period, step) + noise()));
  expect(Math.abs((found?.length ?? 0) - period) / period).toBeLessThan(0.02);
  expect(found?.strength).toBeGreaterThan(0.35);
});

test.each<[string, (step: number) => number]>([
  ['short peaks', (step) => (step % 100 < 4 ? 20 : 0) + noise()],
  ['a square', (step) => (step % 100 < 30 ? 5 : 0) + noise()],
  ['a saw', (step) => step % 100],
  ['a wave on a ramp', (step) => 0.1 * step + 3 * wave(100, step) + noise()],
  ['a wave with an outlier', (step) => 2 * wave(100, step) + noise() + (step === 300 ? 1e6 : 0)],
  ['a wave with gaps', (step) => (step % 9 < 2 ? Number.NaN : 2 * wave(100, step) + 0.5 * noise())],
  ['two waves in one', (step) => 2 * wave(100, step) + wave(50, step) + 0.5 * noise()],
])('%s of 100 steps has that period', (_, valueAt) => {
  expect(Math.abs((findPeriod(of(valueAt))?.length ?? 0) - 100)).toBeLessThan(2);
});

let walked = 0;
test.each<[string, Float64Array]>([
  ['noise', of(() => noise())],
  ['a constant', of(() => 7)],
  ['a ramp', of((step) => 3 * step)],
  ['a walk that is slow but nothing else', of(() => (walked = 0.9 * walked + noise()))],
  ['a wave that came but twice', of((step) => wave(200, step))],
  ['hardly any value', of((step) => (step % 3 === 0 ? wave(100, step) : Number.NaN))],
  ['nothing', new Float64Array(0)],
  ['the largest numbers', of((step) => (step === 100 ? 1e120 : 0))],
])('%s has none', (_, values) => {
  expect(findPeriod(values)).toBeUndefined();
});
