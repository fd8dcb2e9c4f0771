import { expect, test } from 'vitest';
import { nextAttemptAt } from './backoff.ts';

test.each([
  { attempt: 1, from: 1_000, to: 2_000 },
  { attempt: 2, from: 2_000, to: 4_000 },
  { attempt: 5, from: 16_000, to: 32_000 },
  { attempt: 40, from: 450_000, to: 900_000 },
])('after attempt $attempt it is tried again after $from to $to ms, spread by chance', ({ attempt, from, to }) => {
  expect(nextAttemptAt(attempt, 100, () => 0)).toBe(100 + from);
  expect(nextAttemptAt(attempt, 100, () => 0.5)).toBe(100 + (from + to) / 2);
  expect(nextAttemptAt(attempt, 100, () => 1)).toBe(100 + to);
});
