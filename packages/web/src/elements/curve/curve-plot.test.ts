import { expect, test } from 'vitest';
import { scalesOf, ticksOf } from './curve-plot.ts';

const locale = { lang: 'en', timeZone: undefined };
const line = (y: number[]) => ({ name: 'a', x: y.map((_, at) => at), y, colour: 1 });

test.each([
  [0, 10, 5, [0, 2, 4, 6, 8, 10]],
  [0, 0.3, 3, [0, 0.1, 0.2, 0.3]],
  [-7, 7, 3, [-5, 0, 5]],
  [3, 3, 4, [3]],
])('ticks from %d to %d are round', (from, to, wanted, ticks) => expect(ticksOf(from, to, wanted)).toEqual(ticks));

test('values above zero may be drawn by their logarithm: equal factors are equally far apart', () => {
  const { y } = scalesOf({ curves: [line([1, 10, 100])], logarithmic: true, locale });
  expect(y(1) - y(10)).toBeCloseTo(y(10) - y(100), 6);
});

test.each([
  ['many decades', [1e-6, 1], ['1E\u22126', '0.0001', '0.01', '1']],
  ['few decades', [0.3, 40], ['0.5', '1', '2', '5', '10', '20', '50']],
  ['a narrow stretch', [0.61, 0.64], ['0.61', '0.62', '0.63', '0.64']],
])('marks of a logarithmic axis over %s are round, and differ', (_, values, labels) => {
  const { ticksY } = scalesOf({ curves: [line(values)], logarithmic: true, locale });
  expect(ticksY.map(({ label }) => label)).toEqual(labels);
});

test('values below zero have no logarithm, and are drawn as they are', () => {
  const { y } = scalesOf({ curves: [line([-1, 0, 1])], logarithmic: true, locale });
  expect(y(-1) - y(0)).toBeCloseTo(y(0) - y(1), 6);
});

test('one value, none, and gaps have a place, too', () => {
  for (const values of [[5], [], [NaN, 2, NaN]]) {
    const { x, y } = scalesOf({ curves: [line(values)], locale });
    expect(Number.isFinite(x(0)) && Number.isFinite(y(2))).toBe(true);
  }
});

test('a curve may have more points than a function may have arguments', () => {
  const { y } = scalesOf({ curves: [line(Array.from({ length: 300_000 }, (_, at) => at))], locale });
  expect(y(0)).toBeGreaterThan(y(299_999));
});

test('what is counted has no marks in between, and bytes have theirs at whole multiples of 1024', () => {
  const few = scalesOf({ curves: [line([0.2, 0.7, 0.9])], locale });
  expect(few.ticksX.map(({ label }) => label)).toEqual(['0', '1', '2']);
  expect(few.ticksY.map(({ label }) => label)).toEqual(['0.2', '0.4', '0.6', '0.8']);
  const sizes = { name: 'a', x: [16 * 2 ** 20, 128 * 2 ** 20], y: [0.6, 0.9], colour: 1 };
  const { ticksX, ticksY } = scalesOf({ curves: [sizes], unit: 'ratio', unitX: 'bytes', locale });
  expect(ticksX.map(({ label }) => label)).toEqual([
    '20\u00a0MiB',
    '40\u00a0MiB',
    '60\u00a0MiB',
    '80\u00a0MiB',
    '100\u00a0MiB',
    '120\u00a0MiB',
  ]);
  expect(ticksX[0]?.value).toBe(20 * 2 ** 20);
  expect(ticksY.map(({ label }) => label)).toEqual(['60\u00a0%', '70\u00a0%', '80\u00a0%', '90\u00a0%']);
});
