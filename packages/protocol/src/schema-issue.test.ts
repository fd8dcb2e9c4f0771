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
