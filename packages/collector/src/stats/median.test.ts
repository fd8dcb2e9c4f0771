import fc from 'fast-check';
import { expect, test } from 'vitest';
import { median, medianOfSorted } from './median.ts';

const lists = (value: fc.Arbitrary<number>) => fc.array(value, { maxLength: 200 });

test.each([
  ['any numbers', lists(fc.double({ noNaN: true }).map((value) => value + 0))],
  ['numbers of which many are equal', lists(fc.integer({ min: 0, max: 5 }))],
  ['numbers and what is none', lists(fc.double().map((value) => value + 0))],
])('a median of %s is the middle of what is sorted, and what was given stays as it was', (_, values) => {
  fc.assert(
    fc.property(values, (list) => {
      const before = Float64Array.from(list);
      expect(median(list)).toEqual(medianOfSorted(before.toSorted()));
      const given = Float64Array.from(list);
      median(given);
      expect(given).toEqual(before);
    }),
  );
});
