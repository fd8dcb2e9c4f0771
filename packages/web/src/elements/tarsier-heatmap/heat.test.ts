import { seriesSignature } from '@tarsier/protocol/labels';
import { expect, test } from 'vitest';
import { heatOf, heatStep } from './heat.ts';

function series(host: string, cpu: string, points: readonly (readonly [number, number])[]) {
  const labels = { host, cpu };
  return {
    name: 'x',
    labels,
    kind: 'gauge' as const,
    unit: '',
    signature: seriesSignature({ name: 'x', labels }),
    column: {
      times: Float64Array.from(points, ([time]) => time),
      values: Float64Array.from(points, ([, value]) => value),
    },
  };
}

test('a cell has the largest value of its time, over all series of its row', () => {
  const heat = heatOf(
    [
      series('b', '0', [
        [0, 1],
        [5, 9],
        [15, 2],
      ]),
      series('b', '1', [
        [0, 3],
        [15, 7],
      ]),
      series('a', '0', [[12, 4]]),
    ],
    'host',
    { from: 0, to: 20 },
    2,
  );
  expect(heat.rows.map(({ name, values, latest }) => [name, [...values], latest])).toEqual([
    ['a', [NaN, 4], 4],
    ['b', [9, 7], 7],
  ]);
  expect([heat.min, heat.max]).toEqual([4, 9]);
});

test('a hundred hosts are in the order that people count', () => {
  const names = ['web-10', 'web-2', 'web-1'].map((host) => series(host, '0', [[1, 1]]));
  expect(heatOf(names, 'host', { from: 0, to: 10 }, 5).rows.map(({ name }) => name)).toEqual([
    'web-1',
    'web-2',
    'web-10',
  ]);
});

test('seven steps from the lowest to the highest, and the first where all are alike', () => {
  expect([0, 0.5, 1].map((value) => heatStep(value, 0, 1))).toEqual([0, 3, 6]);
  expect(heatStep(5, 5, 5)).toBe(0);
});
