import { expect, test } from 'vitest';
import { heldFromAnswers, rangePaths, stepFor, unitOfExpression } from './range-query.ts';

const hour = 3_600_000;
const now = 1_700_000_000_000;

test.each([
  [900_000, 800, 2_000],
  [6 * hour, 800, 60_000],
  [7 * 24 * hour, 800, 1_800_000],
  [400 * 24 * hour, 300, 2 * 86_400_000],
])('over %d ms on %d pixels the step is %d ms', (span, pixels, step) => expect(stepFor(span, pixels)).toBe(step));

const parametersOf = (path: string | undefined) => Object.fromEntries(new URLSearchParams(path?.split('?')[1]));

test('within an hour a selector is asked for raw; beyond it for the extremes of each step', () => {
  const query = { expr: 'up', kind: 'selector', rate: false, name: '' } as const;
  const raw = rangePaths(query, { from: now - hour, to: now }, 800);
  expect(raw.map(parametersOf)).toEqual([{ query: 'up', start: '1699996400', end: '1700000000' }]);
  const coarse = rangePaths(query, { from: now - 6 * hour, to: now }, 800).map(parametersOf);
  expect(coarse.map(({ aggregation, step }) => [aggregation, step])).toEqual([
    ['min', '60s'],
    ['max', '60s'],
  ]);
});

test('buckets are multiples of the step since 1970, wherever the window begins', () => {
  const query = { expr: 'sum(up)', kind: 'promql', rate: false, name: '' } as const;
  const starts = [0, 1, 59_999].map((shift) =>
    Number(parametersOf(rangePaths(query, { from: now - 6 * hour + shift, to: now + shift }, 800)[0])['start']),
  );
  expect(starts.every((start) => start % 60 === 0)).toBe(true);
});

const about = () => ({ kind: 'gauge', unit: 'ratio' }) as const;
const answer = (...values: [number, string][]) => ({
  data: { result: [{ metric: { __name__: 'x', a: '1' }, values }] },
});

test('the smallest and the largest of each step are drawn one after the other', () => {
  const [series] = heldFromAnswers([answer([10, '1'], [70, '2']), answer([10, '5'], [70, '6'])], about, 60_000);
  expect([...(series?.column.times ?? [])]).toEqual([10_000, 40_000, 70_000, 100_000]);
  expect([...(series?.column.values ?? [])]).toEqual([1, 5, 2, 6]);
});

test('infinities and NaN of Prometheus are read; what is no matrix has no series', () => {
  const [series] = heldFromAnswers([answer([10, '+Inf'], [20, '-Inf'], [30, 'NaN'])], about, 1000);
  expect([...(series?.column.values ?? [])]).toEqual([Infinity, -Infinity, NaN]);
  expect(heldFromAnswers([{}], about, 1000)).toEqual([]);
});

test.each([
  ['cpu_busy_ratio', 'ratio'],
  ['sum by (host) (rate(network_received_bytes_total{device!="a_seconds"}[1m]))', 'bytes/s'],
  ['rate(cpu_seconds_total[5m])', 'ratio'],
  ['memory_used_bytes / memory_total_bytes', ''],
  ['count(cpu_busy_ratio)', ''],
  ['a_bytes + b_seconds', ''],
  ['load_average', ''],
])('the unit of %s is %j', (expr, unit) => expect(unitOfExpression(expr)).toBe(unit));
