import { expect, test } from 'vitest';
import { durationParameter, timeParameter } from './time.ts';

test.each([
  ['1764000000', 1_764_000_000_000],
  ['1764000000.25', 1_764_000_000_250],
  ['2025-11-24T16:00:00Z', 1_764_000_000_000],
  ['2025-11-24T17:00:00.5+01:00', 1_764_000_000_500],
])('the time %s is %d ms', (text, ms) => {
  expect(timeParameter.parse(text)).toBe(ms);
});

test.each(['yesterday', '', '1e5', '2025-11-24', 'NaN'])('%j is no time', (text) => {
  expect(timeParameter.safeParse(text).success).toBe(false);
});

test.each([
  ['15', 15_000],
  ['0.5', 500],
  ['1m30s', 90_000],
  ['250ms', 250],
  ['1w', 604_800_000],
])('the duration %s is %d ms', (text, ms) => {
  expect(durationParameter.parse(text)).toBe(ms);
});

test.each(['0', '15x', '-5', '', '1.5m'])('%j is no duration', (text) => {
  expect(durationParameter.safeParse(text).success).toBe(false);
});
