import { expect, test } from 'vitest';
import { createNoise, judge } from '../testing.ts';
import { zscore } from '../zscore/zscore.ts';
import { longestSeason } from './season.ts';
import { seasonal, Seasonal } from './seasonal.ts';

const day = 288;
const amplitude = 10;
const wave = (step: number, period = day): number => 50 + amplitude * Math.sin((2 * Math.PI * step) / period);

function learnt(days: number, period = day) {
  const noise = createNoise(1);
  const detector = new Seasonal(1);
  const length = days * period;
  judge(
    detector,
    Array.from({ length }, (_, step) => wave(step, period) + noise()),
  );
  return { detector, noise, length };
}

test('after four days the band follows the wave', () => {
  const { detector, noise, length } = learnt(4);
  expect(detector.seasonMs / 10_000 / day).toBeCloseTo(1, 1);
  for (let step = length; step < length + day; step++) {
    judge(detector, [wave(step) + noise()], step);
    const { low = 0, middle = 0, high = 0 } = detector.expected() ?? {};
    expect(Math.abs(middle - wave(step))).toBeLessThan(3);
    expect(high - low).toBeLessThan(amplitude);
  }
});

test('a value that is usual at another time of day is an alarm', () => {
  const { detector, length } = learnt(8);
  const others = zscore.create(1);
  const noise = createNoise(1);
  judge(
    others,
    Array.from({ length }, (_, step) => wave(step) + noise()),
  );
  // At its lowest, it is as if at its mean.
  const lowest = Math.round(0.75 * day);
  const until = Array.from({ length: lowest }, (_, step) => wave(length + step) + noise());
  judge(detector, until, length);
  judge(others, until, length);
  expect(judge(detector, [50], length + lowest)[0]).toBeGreaterThan(3);
  expect(judge(others, [50], length + lowest)[0]).toBeLessThan(1);
});

test('a wave that does not come is an alarm, and not for a moment alone', () => {
  const { detector, noise, length } = learnt(8);
  const missing = judge(
    detector,
    Array.from({ length: day / 2 }, () => 50 + noise()),
    length,
  );
  expect(missing.filter((surprise) => surprise >= 3).length).toBeGreaterThan(10);
});

test('a season that becomes another one is found anew', () => {
  const { detector, noise, length } = learnt(6);
  const period = 100;
  judge(
    detector,
    Array.from({ length: 1500 }, (_, step) => wave(step, period) + noise()),
    length,
  );
  expect(detector.seasonMs / 10_000 / period).toBeCloseTo(1, 1);
});

test('days that differ at weekends are a week', () => {
  const noise = createNoise(4);
  const detector = new Seasonal(1);
  const height = (step: number): number => (Math.floor(step / day) % 7 < 5 ? 1 : 0.2);
  judge(
    detector,
    Array.from({ length: 7 * day * 6 }, (_, step) => 50 + (wave(step) - 50) * height(step) + noise()),
  );
  expect(detector.seasonMs / 10_000 / day).toBeCloseTo(7, 1);
});

/** A step of one second, and then a sample every 1,000 seconds: months in a few thousand samples. */
function ofDays(days: number) {
  const noise = createNoise(2);
  const detector = new Seasonal(1);
  const dayMs = 86_400_000;
  let time = Date.UTC(2026, 0, 1);
  for (let sample = 0; sample < 20; sample++) detector.push((time += 1000), 50 + noise());
  let judged = 0;
  for (let sample = 0; sample < 86.4 * days * 6; sample++) {
    time += 1_000_000;
    judged += Number(detector.push(time, wave(time / dayMs, days) + noise()) >= 0);
  }
  return { days: detector.seasonMs / dayMs, judged };
}

test('a season of 600,000 steps is found in the memory of 512 bins', () => {
  expect(ofDays(7).days).toBeCloseTo(7, 0);
});

test('a season longer than memory is none: values are judged against the mean', () => {
  const days = 10;
  expect(days * 86_400).toBeGreaterThan(longestSeason);
  const found = ofDays(days);
  expect(found.days).toBe(0);
  expect(found.judged).toBeGreaterThan(5000);
});

test('without a season there is a band around the mean', () => {
  const noise = createNoise(5);
  const detector = seasonal.create(1);
  judge(
    detector,
    Array.from({ length: 2000 }, () => 5 + noise()),
  );
  expect(detector.expected()?.middle).toBeCloseTo(5, 0);
  expect(detector.surprises[0]).toBeNaN();
});
