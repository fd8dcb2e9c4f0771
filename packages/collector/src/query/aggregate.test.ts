import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aggregate, lookBackMs } from './aggregate.ts';

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

test('every aggregation says what its definition says, from no more samples than it asks for', () => {
  const aggregations = ['avg', 'min', 'max', 'sum', 'last', 'count', 'rate'] as const;
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 100 }),
      fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 100, maxLength: 100 }),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 0, max: 2_000 }),
      fc.constantFrom(...aggregations),
      (unordered, values, stepMs, start, aggregation) => {
        const points = unordered.toSorted((a, b) => a - b).map((time, row) => [time, values[row] ?? 0] as const);
        const asked = points.filter(([time]) => time >= start - lookBackMs(stepMs, aggregation));
        const { times, values: got } = aggregate(column(asked), start, 2_100, stepMs, aggregation);
        const expected: [number, number][] = [];
        for (let end = Math.ceil(start / stepMs) * stepMs; end <= 2_100; end += stepMs) {
          const value = naive(points, end, stepMs, aggregation);
          if (value !== undefined) expected.push([end, value]);
        }
        expect(Array.from(times, (time, row) => [time, got[row]])).toEqual(expected);
      },
    ),
    { numRuns: 300 },
  );
});

function naive(
  points: readonly (readonly [number, number])[],
  end: number,
  stepMs: number,
  aggregation: Parameters<typeof aggregate>[4],
): number | undefined {
  const within = points.filter(([time]) => time > end - stepMs && time <= end);
  const [first] = within;
  const last = within.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const values = within.map(([, value]) => value);
  const sum = values.reduce((total, value) => total + value, 0);
  if (aggregation !== 'rate') {
    const { length } = values;
    return {
      avg: sum / length,
      min: Math.min(...values),
      max: Math.max(...values),
      sum,
      last: last[1],
      count: length,
    }[aggregation];
  }
  const before = points.findLast(([time]) => time < first[0] && first[0] - time <= 2 * stepMs);
  const counted = before === undefined ? within : [before, ...within];
  if (counted.length < 2) return undefined;
  const increases = counted.slice(1).map(([, value], row) => {
    const former = counted[row]?.[1] ?? 0;
    return value < former ? value : value - former;
  });
  const [[begin] = [0]] = counted;
  return (increases.reduce((total, increase) => total + increase, 0) * 1000) / (last[0] - begin);
}
