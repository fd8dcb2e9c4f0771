import { expect, test } from 'vitest';
import { z } from 'zod';
import { pageParameters } from './api/operation.ts';
import { describeIssue } from './schema-issue.ts';

const schema = z.strictObject({
  name: z.string(),
  matchers: z.array(z.string()).min(1).optional(),
  state: z.enum(['open', 'resolved']).optional(),
  at: z.union([z.int(), z.literal('now')]).optional(),
  days: z.coerce.number().int().min(1).max(400).optional(),
  environment: z.record(z.string().regex(/^[A-Z_]+$/u), z.string()).optional(),
  password: z.string().min(12).optional(),
  sink: z
    .object({ url: z.string().max(10), apiKey: z.string().max(3), apiKeys: z.array(z.string()).min(1) })
    .partial()
    .optional(),
  input_tokens: z.int().min(0).optional(),
  order: z.enum(['', 'asc']).optional(),
  ref: z.string().startsWith('refs/').optional(),
  file: z.string().endsWith('.yaml').optional(),
  pair: z.array(z.string()).length(2).optional(),
  code: z.string().length(1).optional(),
  odd: z
    .number()
    .refine((one) => one % 2 === 1)
    .optional(),
  equal: z.union([z.literal('series'), z.array(z.string())]).optional(),
  what: z.union([z.strictObject({ series: z.string() }), z.array(z.string())]).optional(),
  labels: z.record(z.string().regex(/^[a-z]+$/u, 'expected lower case letters'), z.string()).optional(),
});

test.each<[unknown, string]>([
  [{}, 'name: expected a string, got nothing'],
  [{ name: 5 }, 'name: expected a string, got number 5'],
  [[], 'body: expected an object, got array of 0'],
  [{ name: 'a', matchers: 'x' }, 'matchers: expected an array, got string "x"'],
  [{ name: 'a', matchers: ['x', null] }, 'matchers.1: expected a string, got null'],
  [{ name: 'a', matchers: [] }, 'matchers: expected at least 1 entry, got array of 0'],
  [{ name: 'a', state: 'closed' }, 'state: expected one of open, resolved, got string "closed"'],
  [{ name: 'a', at: '5' }, 'at: expected a number or now, got string "5"'],
  [{ name: 'a', days: '0' }, 'days: expected at least 1, got string "0"'],
  [{ name: 'a', days: 'x' }, 'days: expected a number, got string "x"'],
  [{ name: 'a', labels: { Team: 'x' } }, 'labels.Team: expected lower case letters, got string "Team"'],
  [
    { name: 'a', environment: { 'DB PW': 'hunter2' } },
    'environment.DB PW: expected what matches /^[A-Z_]+$/u, got string "DB PW"',
  ],
  [{ name: 'a', environment: { DB_PW: 5 } }, 'environment.DB_PW: expected a string, got a number (not shown)'],
  [{ name: 'a', password: 'hunter2-' }, 'password: expected at least 12 characters, got a string (not shown)'],
  [{ name: 'a', password: null }, 'password: expected a string, got null'],
  [{ name: 'a', sink: { apiKey: 'hunter2' } }, 'sink.apiKey: expected at most 3 characters, got a string (not shown)'],
  [{ name: 'a', sink: { apiKeys: [] } }, 'sink.apiKeys: expected at least 1 entry, got array of 0'],
  [
    { name: 'a', sink: { url: 'https://me:hunter2@host' } },
    'sink.url: expected at most 10 characters, got a URL with a password (not shown)',
  ],
  [{ name: 'a', input_tokens: -1 }, 'input_tokens: expected at least 0, got number -1'],
  [{ name: 'a', order: 'x' }, 'order: expected one of "", asc, got string "x"'],
  [{ name: 'a', ref: 'x' }, 'ref: expected what starts with refs/, got string "x"'],
  [{ name: 'a', file: 'x' }, 'file: expected what ends with .yaml, got string "x"'],
  [{ name: 'a', pair: ['x'] }, 'pair: expected exactly 2 entries, got array of 1'],
  [{ name: 'a', pair: ['x', 'y', 'z'] }, 'pair: expected exactly 2 entries, got array of 3'],
  [{ name: 'a', code: '' }, 'code: expected exactly 1 character, got string ""'],
  [{ name: 'a', odd: 2 }, 'odd: expected another value, got number 2'],
  [{ name: 'a', equal: ['x', 5] }, 'equal: expected series or a string at 1, got array of 2'],
  [{ name: 'a', what: { series: 'x', more: 1 } }, 'what.more: there is no such field'],
  [{ name: 'a', nmae: 1 }, 'nmae: there is no such field'],
])('%j is refused in a sentence', (value, said) => {
  const { error } = schema.safeParse(value);
  expect(error && describeIssue(error, value, 'body').message).toBe(said);
});

test('of several kinds of a thing all are named, where it is none of them', () => {
  const kinds = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('threshold') }),
    z.object({ kind: z.enum(['anomaly', 'forecast']) }),
  ]);
  const value = { kind: 'treshold' };
  const { error } = kinds.safeParse(value);
  expect(error && describeIssue(error, value, 'body').message).toBe(
    'kind: expected one of threshold, anomaly, forecast, got string "treshold"',
  );
});

test.each([
  ['abc', 'limit: expected a number, got string "abc"'],
  ['0', 'limit: expected at least 1, got string "0"'],
  ['1.5', 'limit: expected a whole number, got string "1.5"'],
  ['1000000', 'limit: expected at most 1000, got string "1000000"'],
])('a list of %s entries is refused with what a limit may be', (limit, said) => {
  const { error } = z.object(pageParameters).safeParse({ limit });
  expect(error && describeIssue(error, { limit }, 'query').message).toBe(said);
});
