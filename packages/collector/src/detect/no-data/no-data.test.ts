import { expect, test } from 'vitest';
import { createNoise } from '../testing.ts';
import { noData } from './no-data.ts';

const second = 1000;

/** @returns the detector, and the time of its last sample */
function after(samples: number, intervalMs: () => number) {
  const detector = noData.create(1);
  const surprises: number[] = [];
  let time = Date.UTC(2026, 0, 1);
  for (let sample = 0; sample < samples; sample++) surprises.push(detector.push((time += intervalMs()), 1));
  return { surprises, silence: (ms: number) => detector.surpriseOfSilence?.(time + ms) ?? Number.NaN };
}

test('silence is told while it lasts, once three samples are missing', () => {
  const { surprises, silence } = after(1001, () => 10 * second);
  expect(Math.max(...surprises.slice(100))).toBeLessThan(0.1);
  expect(silence(10 * second)).toBeLessThan(0.1);
  expect(silence(25 * second)).toBeLessThan(2);
  expect(silence(31 * second)).toBeGreaterThanOrEqual(3);
  expect(silence(-1)).toBeNaN();
});

test('silence that is usual is no alarm: a job that reports now and then', () => {
  const noise = createNoise(1);
  const { surprises, silence } = after(6000, () => 60 * second * Math.exp(1.5 * noise()));
  expect(silence(600 * second)).toBeLessThan(2);
  expect(silence(86_400 * second)).toBeGreaterThan(3);
  const odd = (least: number): number => surprises.slice(1500).filter((surprise) => surprise >= least).length / 4500;
  expect(odd(2)).toBeLessThan(0.016);
  expect(odd(3)).toBeLessThan(0.0025);
});

test('before there is a sample, or enough of them, there is no verdict', () => {
  expect(noData.create(1).surpriseOfSilence?.(Date.UTC(2026, 0, 1))).toBeNaN();
  expect(after(20, () => second).silence(3_600_000)).toBeNaN();
});
