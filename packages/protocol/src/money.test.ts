import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUsd, parseUsd, priceOf } from './money.ts';

test('money is written with cents, and with as much more as there is', () => {
  expect([0, 12_500_000_000, 50, -1_230_000_000, 1_000_000_001].map(formatUsd)).toEqual([
    '0.00',
    '12.50',
    '0.00000005',
    '-1.23',
    '1.000000001',
  ]);
});

test('what was written is read as it was', () => {
  fc.assert(
    fc.property(fc.integer({ min: -9_000_000_000_000_000, max: 9_000_000_000_000_000 }), (nanos) => {
      expect(parseUsd(formatUsd(nanos))).toBe(nanos);
    }),
  );
  expect(['', '1.', '1e3', '12345678', '0.1234567891', '9000000.01'].map(parseUsd)).toEqual(
    Array.from({ length: 6 }, () => undefined),
  );
});

test('tokens times a price for a million of them are exact, where a product of numbers is not', () => {
  // 123,456,789,012 tokens at 2.999999999 USD a million: 370,370.366912529216988… USD.
  expect(priceOf(123_456_789_012, 2_999_999_999, 1_000_000)).toBe(370_370_366_912_543);
  expect([priceOf(1, 1, 2), priceOf(1, 1, 3), priceOf(0, 5, 7)]).toEqual([1, 0, 0]);
});
