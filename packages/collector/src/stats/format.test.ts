import { expect, test } from 'vitest';
import { formatNumber, formatterOf, formatTime } from './format.ts';

test.each([
  [0, '0'],
  [0.123456, '0.1235'],
  [-3.5, '-3.5'],
  [9999, '9999'],
  [12_345, '12.35k'],
  [-2.5e9, '-2.5G'],
  [3e12, '3T'],
  [1e-7, '1e-7'],
  [Number.NaN, 'NaN'],
  [Infinity, 'Infinity'],
])('%d is written as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  ['disk_used_ratio', 0.2336, '23.4 %'],
  ['load_average', 0.2336, '0.2336'],
])('%s of %d is read as %s', (metric, value, text) => {
  expect(formatterOf(metric)(value)).toBe(text);
});

test('a time is the time of day in UTC', () => {
  expect(formatTime(Date.UTC(2026, 10, 24, 9, 8, 7, 999))).toBe('09:08:07 UTC');
});
