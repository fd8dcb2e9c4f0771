import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { answerSchema, difference, engineOn, ourAnswer } from './answers.ts';
import { makeSeries } from './data.ts';

const golden = z
  .array(
    z.object({
      query: z.string(),
      startMs: z.number(),
      endMs: z.number(),
      stepMs: z.number(),
      answer: answerSchema,
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('testdata/golden.json', import.meta.url), 'utf8')));

test('we answer as a real Prometheus did', async () => {
  const engine = engineOn(makeSeries());
  const differing: string[] = [];
  let withSeries = 0;
  for (const { answer, ...asked } of golden) {
    const problem = difference(answer, await ourAnswer(engine, asked), asked.query);
    if (problem !== undefined) differing.push(`${asked.query}: ${problem}`);
    if ('series' in answer && Object.keys(answer.series).length > 0) withSeries++;
  }
  expect(differing).toEqual([]);
  // Not only emptiness agrees with emptiness.
  expect(withSeries).toBeGreaterThan(golden.length / 3);
});

test('a difference is seen, however small the part that differs', () => {
  const answer = (value: string, time = 1000) => ({
    series: { a: [[0, '1'] as [number, string], [time, value] as [number, string]] },
  });
  expect(difference(answer('2'), answer('2.000000001'))).toBeUndefined();
  expect(difference(answer('NaN'), answer('NaN'))).toBeUndefined();
  expect(difference(answer('2'), answer('2.001'))).toBe('a at 1000: they have 2, we 2.001');
  expect(difference(answer('+Inf'), answer('-Inf'))).toContain('they have +Inf');
  expect(difference(answer('NaN'), answer('0'))).toContain('they have NaN');
  expect(difference(answer('2'), answer('2', 2000))).toContain('is at 1000, ours at 2000');
  expect(difference(answer('2'), { series: {} })).toContain('only they have a');
  expect(difference({ series: {} }, answer('2'))).toContain('only we have a');
  expect(difference({ error: 'x' }, answer('2'))).toBe('they fail: x');
  expect(difference({ error: 'x' }, { error: 'y' })).toBeUndefined();
});
