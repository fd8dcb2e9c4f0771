import { expect, test } from 'vitest';
import { wallClockShift } from './wall-clock-shift.ts';

const day = 86_400_000;

test('a week back across a change of the clocks is an hour less, and so is the same time of the day', () => {
  const noon = Date.parse('2026-03-30T10:00:00Z');
  expect(wallClockShift(noon, 7 * day, 'Europe/Berlin')).toBe(7 * day - 3_600_000);
  expect(wallClockShift(noon, 7 * day, 'UTC')).toBe(7 * day);
  expect(wallClockShift(noon, 3_600_000, 'Europe/Berlin')).toBe(3_600_000);
});
