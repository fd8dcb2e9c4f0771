import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCases } from './run-cases.ts';

const folder = new URL('cases/', import.meta.url);

test.each(readdirSync(fileURLToPath(folder)))('every case of %s comes out as it says', async (file) => {
  const outcomes = await runCases(readFileSync(new URL(file, folder), 'utf8'));
  expect(outcomes.length).toBeGreaterThan(0);
  expect(outcomes.filter(({ result }) => result !== 'passed')).toEqual([]);
});

test('a case that comes out otherwise, and a line that nobody understands, fail with the reason', async () => {
  const outcomes = await runCases(`
load 1m
  up 1 2 3

eval instant at 1m up
  up 7

eval instant at 1m up + 0
  expect no_info
  {} 2

eval instant at 1m
  {} 2

eval instant at 1m up
  expect warn
  up 2
`);
  expect(outcomes).toMatchObject([
    { line: 5, result: 'failed', why: 'up: expected 7 at 60000 ms, got 2' },
    { line: 8, result: 'passed' },
    { line: 12, result: 'failed', why: expect.stringMatching(/^can not be read: expected load, clear, eval/u) },
    { line: 15, result: 'failed', why: 'expected another warn, got none' },
  ]);
});

test('what needs native histograms is skipped, and what only leaves them out passes', async () => {
  const outcomes = await runCases(`
load 1m
  h {{schema:0 sum:1 count:1}}x3
  f 4 4 4

eval instant at 1m h
  h {{schema:0 sum:1 count:1}}

eval instant at 1m abs({__name__=~"h|f"}) - 4
  {} 0

eval instant at 1m rate(f[1m] anchored)
  {} 0
`);
  expect(outcomes).toMatchObject([
    { result: 'skipped', why: 'needs native histograms' },
    { result: 'passed', why: '' },
    { result: 'skipped', why: expect.stringContaining('experimental in Prometheus (anchored): failed: 1:12: parse') },
  ]);
});
