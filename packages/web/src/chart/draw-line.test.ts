import { expect, test } from 'vitest';
import { traceLine } from './draw-line.ts';

/** Ten pixels of width, a hundred of height. */
const area = { left: 0, top: 0, width: 10, height: 100, x: { min: 0, max: 1000 }, y: { min: 0, max: 100 } };
const times = Float64Array.from({ length: 1001 }, (_, i) => i);

function trace(values: ArrayLike<number | null | undefined>) {
  const steps: [string, number, number][] = [];
  const within = traceLine(
    { moveTo: (x, y) => steps.push(['move', x, y]), lineTo: (x, y) => steps.push(['line', x, y]) },
    area,
    times,
    values,
    0,
    values.length - 1,
    0,
  );
  return { steps, within };
}

test('of the points in a column of pixels a line goes through the first, the extremes and the last', () => {
  const values = [50, 40, 60, 10, 30, 90, 20, 70];
  expect(trace(values).steps).toEqual([
    ['move', 0, 50],
    ['line', 0, 10],
    ['line', 0, 90],
    ['line', 0, 30],
  ]);
});

test('an hour that stands still is drawn with one point a pixel', () => {
  expect(trace(new Float64Array(1001)).steps).toHaveLength(11);
});

test('null breaks a line, undefined does not', () => {
  const values = Array.from({ length: 1001 }, (_, i) => (i % 100 === 0 ? 50 : i > 400 && i < 500 ? null : undefined));
  const moves = trace(values).steps.filter(([step]) => step === 'move');
  expect(moves).toEqual([
    ['move', 0, 50],
    ['move', 5, 50],
  ]);
});

test('a sample alone between gaps, or with others of its column that are alike, is a short line', () => {
  const alone = Array.from({ length: 1001 }, (_, i) => (i === 400 || i === 720 || i === 721 ? 50 : null));
  expect(trace(alone).steps).toEqual([
    ['move', 4, 50],
    ['line', 5, 50],
    ['move', 7, 50],
    ['line', 8, 50],
  ]);
  expect(trace([null, 5, null]).steps).toEqual([
    ['move', 0, 95],
    ['line', 1, 95],
  ]);
});

test.each([Infinity, -Infinity, NaN])('%d breaks a line as null does: a canvas would pass it over', (value) => {
  const values = Array.from({ length: 1001 }, (_, i) => (i > 300 && i < 600 ? null : i % 100 === 0 ? 50 : undefined));
  const after = (next: number | null) => trace(values.map((given, i) => (i === 600 ? next : given)));
  expect(after(value)).toEqual(after(null));
  expect(trace([value]).steps).toEqual([]);
});

test.each([
  ['within', 1, 99, true],
  ['below', -1, 99, false],
  ['above', 1, 101, false],
])('it is told whether a line has to be cut off at the edges: %s', (_, low, high, within) => {
  const values = Float64Array.from(times, (time) => (time % 2 === 0 ? low : high));
  expect(trace(values).within).toBe(within);
});
