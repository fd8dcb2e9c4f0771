import { expect, test } from 'vitest';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import { changeOf, type ChangeWindow } from './rank-changes.ts';

const stepMs = 10_000;
const start = Date.UTC(2026, 10, 24, 12);
const window: ChangeWindow = { from: start - 30 * 60_000, start, end: start + 5 * 60_000 };
const steps = (window.end - window.from) / stepMs;

/** @param value  by seconds since the incident began, and noise of -0.5 to 0.5 */
function change(value: (second: number, noise: number) => number, seed = 1) {
  let state = seed;
  const random = (): number => randomOf((state = nextRandomState(state)));
  const times = Float64Array.from({ length: steps }, (_, i) => window.from + i * stepMs);
  return changeOf({ times, values: times.map((time) => value((time - start) / 1000, random() - 0.5)) }, window);
}

test('what jumps at the start is found, with the time and both levels', () => {
  const found = change((second, noise) => (second >= 0 ? 20 : 10) + noise);
  expect(found).toMatchObject({ correlation: 1, changedAt: start });
  expect(found?.score).toBeGreaterThan(0.85);
  expect(found?.before).toBeCloseTo(10, 0);
  expect(found?.after).toBeCloseTo(20, 0);
});

test('what falls at the start correlates negatively; a count that is zero else can jump as well', () => {
  expect(change((second, noise) => (second >= 0 ? 2 : 10) + noise)?.correlation).toBe(-1);
  expect(change((second) => (second >= 0 ? 3 : 0))).toMatchObject({ before: 0, after: 3, correlation: 1 });
});

test('what is as before in a third of the time correlates by two thirds', () => {
  const found = change((second) => (second >= 0 && (second / 10) % 3 !== 2 ? 3 : 0));
  expect(found?.correlation).toBeCloseTo(2 / 3, 12);
});

test('the cause of three minutes before is found at its time, and ranks below what came with the start', () => {
  const cause = change((second, noise) => (second >= -180 ? 20 : 10) + noise);
  expect(cause?.changedAt).toBe(start - 180_000);
  const effect = change((second, noise) => (second >= 0 ? 20 : 10) + noise);
  expect(cause?.score).toBeLessThan(effect?.score ?? 0);
  expect(cause?.score).toBeGreaterThan(0.4);
});

test.each([
  ['noise', (_: number, noise: number) => 10 + noise],
  ['a drift that goes on', (second: number, noise: number) => 100 + second / 10 + noise],
  ['a count that only grows', (second: number) => second + 10_000],
  ['one spike at the start', (second: number, noise: number) => (second === 0 ? 100 : 10) + noise],
  ['what has never moved', () => 7],
  ['what changed long before', (second: number, noise: number) => (second >= -900 ? 20 : 10) + noise],
  ['a gap', () => Number.NaN],
  ['a wave of ten minutes', (second: number, noise: number) => 10 * Math.sin((second * Math.PI) / 300) + noise],
])('%s is no change', (_, value) => {
  expect(change(value)).toBeUndefined();
});

test('what drifts and then jumps is a change', () => {
  expect(change((second, noise) => 100 + second / 100 + (second >= 0 ? 30 : 0) + noise)).toMatchObject({
    changedAt: start,
    correlation: 1,
  });
});

test('of a thousand series of noise hardly one is called a change', () => {
  const found = Array.from({ length: 1_000 }, (_, seed) => change((_, noise) => 10 + noise, seed + 1));
  expect(found.filter((one) => one !== undefined).length).toBeLessThan(5);
});
