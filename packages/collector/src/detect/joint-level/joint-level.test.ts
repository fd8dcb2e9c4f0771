import { expect, test } from 'vitest';
import { createNoise } from '../testing.ts';
import { jointLevel } from './joint-level.ts';

const width = 8;
const training = 400;

/** A host's channels, correlated over a few rows; `change` is added to the third from row 1,000 on. */
function run(change: (row: number) => number, rows = 1400) {
  const noise = createNoise(12);
  const detector = jointLevel.create({ seed: 1, width, training });
  const state = new Float64Array(width);
  return Array.from({ length: rows }, (_, row) => {
    for (let channel = 0; channel < width; channel++) state[channel] = 0.5 * (state[channel] ?? 0) + noise();
    const values = state.map(
      (value, channel) => 100 * channel + value + (channel === 2 && row >= 1000 ? change(row) : 0),
    );
    return { surprise: detector.push(row * 1000, values), contributions: [...detector.contributions] };
  });
}

test('a shift of one channel by 3 standard deviations of its noise is found within 30 rows, and named', () => {
  const rows = run(() => 3.5);
  const found = rows.slice(1000).findIndex(({ surprise }) => surprise >= 3);
  expect(found).toBeGreaterThanOrEqual(0);
  expect(found).toBeLessThan(30);
  expect(rows[1040]?.contributions.indexOf(Math.max(...(rows[1040]?.contributions ?? [])))).toBe(2);
  expect(rows[1040]?.contributions[2]).toBeGreaterThan(0.8);
});

test('a shift that lasts stays odd for hundreds of rows', () => {
  const rows = run(() => 6).slice(1050, 1400);
  expect(rows.filter(({ surprise }) => surprise >= 3).length / rows.length).toBeGreaterThan(0.95);
});

test('a slow drift is followed, and is not odd', () => {
  const drifting = run((row) => (row - 1000) * 0.0005, 6000).slice(1000);
  expect(drifting.filter(({ surprise }) => surprise >= 3).length / drifting.length).toBeLessThan(0.01);
});

test('a channel that comes later is learnt first, and one that says nothing is no evidence', () => {
  const noise = createNoise(2);
  const detector = jointLevel.create({ seed: 1, width: 2, training });
  const surprises = Array.from({ length: 1500 }, (_, row) =>
    detector.push(row * 1000, Float64Array.of(noise(), row < 800 ? Number.NaN : 50 + noise())),
  );
  expect(surprises.slice(training).every((surprise) => surprise >= 0)).toBe(true);
  expect(surprises.slice(800).filter((surprise) => surprise >= 3).length).toBeLessThan(5);
});
