import { expect, test } from 'vitest';
import { ratePerSecond } from './rate.ts';

const cases = [
  { name: 'each second', times: [0, 1000, 2000], values: [10, 15, 40], rates: [5, 25] },
  { name: 'over a gap, the mean of the gap', times: [0, 1000, 11_000], values: [0, 1, 101], rates: [1, 10] },
  { name: 'after a reset, what was counted since', times: [0, 1000, 2000], values: [900, 7, 9], rates: [7, 2] },
  { name: 'of one sample, nothing', times: [0], values: [900], rates: [] },
  { name: 'of no sample, nothing', times: [], values: [], rates: [] },
];

test.each(cases)('the rate of a counter $name', ({ times, values, rates }) => {
  const rate = ratePerSecond({ times: Float64Array.from(times), values: Float64Array.from(values) });
  expect([...rate.values]).toEqual(rates);
  expect([...rate.times]).toEqual(times.slice(1));
});
