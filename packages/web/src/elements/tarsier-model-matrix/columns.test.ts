import { expect, test } from 'vitest';
import { comparedModel } from '../../testing/results.ts';
import { bestOf, columns, sorted } from './columns.ts';

const rows = [
  comparedModel('slow', { cpuNsPerSample: 900, efficiency: 40 }),
  comparedModel('quick', { cpuNsPerSample: 30, efficiency: 80, latencyMs: 0 }),
  comparedModel('foreteller', { family: 'forecaster', cpuNsPerSample: 50, efficiency: 60 }),
];
const column = (name: string) => columns.find((one) => one.name === name) ?? expect.unreachable();

test('the best is the least where less is better, and the most where more is', () => {
  expect(bestOf(rows, column('cpu'))).toBeCloseTo(30e-9, 15);
  expect(bestOf(rows, column('efficiency'))).toBe(80);
});

test('sorts the best first, and those without the number last', () => {
  expect(sorted(rows, 'efficiency').map(({ name }) => name)).toEqual(['quick', 'foreteller', 'slow']);
  expect(sorted(rows, 'latency').map(({ name }) => name)).toEqual(['quick', 'slow', 'foreteller']);
});
