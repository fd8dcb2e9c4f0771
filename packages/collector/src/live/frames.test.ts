import { decodeLiveFrame } from '@tarsier/protocol/live';
import { expect, test } from 'vitest';
import { snapFrames } from './frames.ts';

const group = (ref: number, rows: number) => ({
  times: Float64Array.from({ length: rows }, (_, row) => 1000 * (row + 1)),
  columns: [{ ref, values: new Float64Array(rows) }],
});

test('the snap of a large fleet comes in pieces that a page can decode', () => {
  const frames = [...snapFrames(3, [group(1, 60), group(2, 40), group(3, 30), group(4, 300)], 100)].map(
    decodeLiveFrame,
  );
  expect(frames.map(({ kind, id, groups }) => [kind, id, groups.flatMap(({ columns }) => columns[0]?.ref)])).toEqual([
    ['snap', 3, [1, 2]],
    ['delta', 3, [3]],
    ['delta', 3, [4]],
  ]);
});

test('the snap of nothing is a snap', () => {
  expect([...snapFrames(1, [])].map(decodeLiveFrame)).toEqual([{ kind: 'snap', id: 1, groups: [] }]);
});
