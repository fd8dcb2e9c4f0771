import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aggregate } from './aggregate.ts';

const column = (points: readonly (readonly [number, number])[]) => ({
  times: Float64Array.from(points, ([time]) => time),
  values: Float64Array.from(points, ([, value]) => value),
});
const seconds = column(Array.from({ length: 60 }, (_, row) => [row * 1000, row]));

test.each([
  ['avg', [5.5, 15.5]],
  ['min', [1, 11]],
  ['max', [10, 20]],
  ['sum', [55, 155]],
  ['last', [10, 20]],
  ['count', [10, 10]],
  ['rate', [1, 1]],
] as const)('%s over steps of ten seconds', (aggregation, expected) => {
  const result = aggregate(seconds, 10_000, 20_000, 10_000, aggregation);
  expect([...result.times]).toEqual([10_000, 20_000]);
  expect([...result.values]).toEqual(expected);
});

test('a counter that starts again from zero still has its rate', () => {
  const counter = column([
    [0, 1000],
    [1000, 1010],
    [2000, 5],
    [3000, 15],
  ]);
  expect([...aggregate(counter, 1000, 3000, 1000, 'rate').values]).toEqual([10, 5, 10]);
});

test('steps without a sample are left out, and do not become zero', () => {
  const gap = column([
    [1000, 1],
    [9000, 2],
  ]);
  expect([...aggregate(gap, 0, 10_000, 1000, 'avg').times]).toEqual([1000, 9000]);
});

test('the values do not depend on where the range begins', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 0, max: 100_000 }),
      (list, stepMs, start) => {
        const times = list.toSorted((a, b) => a - b);
        const whole = column(times.map((time) => [time, time * 3]));
        const all = aggregate(whole, 0, 120_000, stepMs, 'sum');
        const part = aggregate(whole, start, 120_000, stepMs, 'sum');
        const expected = [...all.times].flatMap((time, row) => (time >= start ? [[time, all.values[row]]] : []));
        expect([...part.times].map((time, row) => [time, part.values[row]])).toEqual(expected);
        // By definition: the sum of the samples in (T - step, T].
        for (const [row, time] of part.times.entries()) {
          const naive = times.filter((at) => at > time - stepMs && at <= time).reduce((sum, at) => sum + at * 3, 0);
          expect(part.values[row]).toBe(naive);
        }
      },
    ),
  );
});
