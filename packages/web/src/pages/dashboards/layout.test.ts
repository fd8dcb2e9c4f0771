import type { Panel } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { moved, removed, resized } from './layout.ts';

const panel = (label: string): Panel => ({ element: 'tarsier-chart', attributes: { label }, width: 6, height: 4 });
const labels = (panels: readonly Panel[]): string => panels.map(({ attributes }) => attributes['label']).join('');
const abc = ['a', 'b', 'c'].map(panel);

test('panels change places, and none is lost at the ends', () => {
  expect(labels(moved(abc, 0, 1))).toBe('bac');
  expect(labels(moved(abc, 2, -1))).toBe('acb');
  expect(labels(moved(abc, 0, -1))).toBe('abc');
  expect(labels(moved(abc, 2, 1))).toBe('abc');
  expect(labels(removed(abc, 1))).toBe('ac');
});

test('a panel stays inside of the grid', () => {
  expect(resized(abc, 0, { width: 20 })[0]).toMatchObject({ width: 12, height: 4 });
  expect(resized(abc, 0, { height: -20 })[0]).toMatchObject({ width: 6, height: 1 });
  expect(resized(abc, 9, { width: 1 })).toEqual(abc);
});
