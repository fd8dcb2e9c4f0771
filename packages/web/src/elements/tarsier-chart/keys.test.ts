import { expect, test } from 'vitest';
import { chartKey, nextMark } from './keys.ts';

const press = (key: string, at: number | undefined, shiftKey = false) =>
  chartKey({ key, shiftKey, ctrlKey: false, metaKey: false, altKey: false }, at, 100);

test.each([
  ['ArrowLeft', undefined, 100],
  ['ArrowLeft', 50, 49],
  ['ArrowLeft', 0, 0],
  ['ArrowRight', 100, 100],
  ['Home', 50, 0],
  ['End', undefined, 100],
])('%s from %s goes to %d', (key, at, index) => expect(press(key, at)).toEqual({ kind: 'point', index }));

test('with Shift it goes a tenth', () => {
  expect(press('ArrowLeft', 50, true)).toEqual({ kind: 'point', index: 40 });
});

test('what is not the chart’s stays the page’s: Tab, Escape without a cursor, anything with Ctrl', () => {
  expect(press('Tab', 1)).toBeUndefined();
  expect(press('Escape', undefined)).toBeUndefined();
  expect(press('Escape', 3)).toEqual({ kind: 'leave' });
  expect(chartKey({ key: '0', shiftKey: false, ctrlKey: true, metaKey: false, altKey: false }, 1, 100)).toBeUndefined();
});

test('marks are walked in both directions, and end', () => {
  expect(nextMark([10, 20, 30], 20, 1)).toBe(30);
  expect(nextMark([10, 20, 30], 20, -1)).toBe(10);
  expect(nextMark([10, 20, 30], 30, 1)).toBeUndefined();
});
