import { expect, test } from 'vitest';
import { scalesOf, ticksOf } from './curve-plot.ts';

const line = (y: number[]) => ({ name: 'a', x: y.map((_, at) => at), y, colour: 1 });

test.each([
  [0, 10, 5, [0, 2, 4, 6, 8, 10]],
  [0, 0.3, 3, [0, 0.1, 0.2, 0.3]],
  [-7, 7, 3, [-5, 0, 5]],
  [3, 3, 4, [3]],
])('ticks from %d to %d are round', (from, to, wanted, ticks) => expect(ticksOf(from, to, wanted)).toEqual(ticks));

test('values above zero may be drawn by their logarithm: equal factors are equally far apart', () => {
  const { y } = scalesOf([line([1, 10, 100])], undefined, true);
  expect(y(1) - y(10)).toBeCloseTo(y(10) - y(100), 6);
});

test('values below zero have no logarithm, and are drawn as they are', () => {
  const { y } = scalesOf([line([-1, 0, 1])], undefined, true);
  expect(y(-1) - y(0)).toBeCloseTo(y(0) - y(1), 6);
});

test('one value, none, and gaps have a place, too', () => {
  for (const values of [[5], [], [NaN, 2, NaN]]) {
    const { x, y } = scalesOf([line(values)], undefined, false);
    expect(Number.isFinite(x(0)) && Number.isFinite(y(2))).toBe(true);
  }
});

test('a curve may have more points than a function may have arguments', () => {
  const { y } = scalesOf([line(Array.from({ length: 300_000 }, (_, at) => at))], undefined, false);
  expect(y(0)).toBeGreaterThan(y(299_999));
});
