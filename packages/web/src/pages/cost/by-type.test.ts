import { expect, test } from 'vitest';
import { byType } from './by-type.ts';

test('days are added up by type, to the last billionth, the dearest first', () => {
  const day = { runs: 1, meteredMs: 10, accuracy: 1 };
  expect(
    byType([
      { ...day, type: 'a', cost: '0.10' },
      { ...day, type: 'b', cost: '5.00' },
      { ...day, type: 'a', cost: '0.200000001', runs: 3, accuracy: 2 },
      { ...day, type: 'a', cost: '0.00', accuracy: null },
    ]),
  ).toEqual([
    { type: 'b', runs: 1, meteredMs: 10, cost: '5.00', accuracy: 1 },
    { type: 'a', runs: 5, meteredMs: 30, cost: '0.300000001', accuracy: 1.75 },
  ]);
});
