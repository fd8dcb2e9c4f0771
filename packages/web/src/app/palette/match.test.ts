import { expect, test } from 'vitest';
import { bestMatches } from './match.ts';

const items = ['memory_used_ratio', 'cpu_busy_ratio', 'db-1', 'web-db-2', 'Overview', 'disk_used_ratio'].map(
  (text) => ({
    text,
  }),
);
const found = (typed: string): string[] => bestMatches(items, typed, 10).map(({ text }) => text);

test('a beginning beats a word inside, which beats letters in sequence', () => {
  expect(found('db')).toEqual(['db-1', 'web-db-2']);
  expect(found('cpubr')).toEqual(['cpu_busy_ratio']);
});

test('words may come in any order, in any case', () => {
  expect(found('RATIO used')).toEqual(['disk_used_ratio', 'memory_used_ratio']);
  expect(found('over')).toEqual(['Overview']);
});

test('nothing typed keeps the order; what nobody is called finds nothing', () => {
  expect(found(' ')).toEqual(items.map(({ text }) => text));
  expect(found('zzz')).toEqual([]);
});
