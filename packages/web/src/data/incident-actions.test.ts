import { expect, test } from 'vitest';
import { snoozes } from './incident-actions.ts';

test.each([
  ['2026-11-30T03:00:00', '2026-11-30T09:00:00'],
  ['2026-11-30T09:00:00', '2026-12-01T09:00:00'],
  ['2026-11-30T22:00:00', '2026-12-01T09:00:00'],
])('who snoozes at %s until the morning is told again at %s', (now, then) => {
  expect(snoozes.morning(Date.parse(now))).toBe(Date.parse(then));
});
