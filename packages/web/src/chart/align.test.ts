import { expect, test } from 'vitest';
import { alignColumns, withGaps } from './align.ts';

const column = (times: number[], values: number[]) => ({
  times: Float64Array.from(times),
  values: Float64Array.from(values),
});

test('series of one host share a time axis', () => {
  const data = alignColumns([column([1, 2, 3], [10, 20, 30]), column([1, 2, 3], [5, 6, 7])], 2);
  expect([...data.times]).toEqual([2, 3]);
  expect(data.values.map((values) => [...values])).toEqual([
    [20, 30],
    [6, 7],
  ]);
});

test('a silence longer than two and a half intervals breaks the line, a shorter one does not', () => {
  const { times, values } = alignColumns([column([0, 1, 2, 4, 5, 6, 10, 11], [0, 1, 2, 4, 5, 6, 10, 11])], 0);
  expect([...times]).toEqual([0, 1, 2, 4, 5, 6, 8, 10, 11]);
  expect(values[0]?.[6]).toBeNaN();
});

test('a slow series is drawn through the ticks of a fast one, and breaks at its own silences', () => {
  const fast = Array.from({ length: 61 }, (_, i) => i);
  const slow = [0, 10, 20, 50, 60];
  const { times, values } = alignColumns([column(fast, fast), column(slow, slow)], 0);
  const drawn = withGaps(times, values[1] ?? new Float64Array());
  expect(drawn[5]).toBeUndefined();
  expect(drawn[35]).toBeNull();
  expect(drawn[55]).toBeUndefined();
});

test('no series, no points', () => {
  expect(alignColumns([], 0).times).toHaveLength(0);
});
