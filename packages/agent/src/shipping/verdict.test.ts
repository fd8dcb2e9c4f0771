import { describe, expect, test } from 'vitest';
import { judge, type Verdict } from './verdict.ts';

const refusal = '{"code":"batch/field","detail":"seq: expected 0, got -1","retryable":false}';
const now = Date.parse('2026-11-25T10:00:00Z');

const cases: readonly [
  why: string,
  answer: { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string },
  verdict: Partial<Verdict>,
][] = [
  ['stored', { status: 204 }, { kind: 'stored' }],
  ['the collector does not know the schema', { status: 409 }, { kind: 'schema-wanted' }],
  ['too large', { status: 413 }, { kind: 'too-large' }],
  ['the collector says that the batch is wrong', { status: 400, text: refusal }, { kind: 'refused' }],
  ['a proxy says so, who can not know', { status: 400, text: '<html>Bad Request</html>' }, { kind: 'later' }],
  [
    'wrong now, says the collector, but perhaps not later',
    { status: 400, text: refusal.replace('false', 'true') },
    { kind: 'later' },
  ],
  ['the key is wrong', { status: 401 }, { kind: 'later', afterMs: 30_000 }],
  ['the key may not', { status: 403, text: refusal }, { kind: 'later', afterMs: 30_000 }],
  ['another page', { status: 404 }, { kind: 'later' }],
  ['busy, in seconds', { status: 429, headers: { 'retry-after': '7' } }, { kind: 'later', afterMs: 7_000 }],
  ['busy, for no time', { status: 429, headers: { 'retry-after': '0' } }, { kind: 'later', afterMs: 0 }],
  [
    'busy until a date',
    { status: 503, headers: { 'retry-after': 'Wed, 25 Nov 2026 10:00:09 GMT' } },
    { kind: 'later', afterMs: 9_000 },
  ],
  [
    'busy until a date of a clock that is a day ahead',
    {
      status: 503,
      headers: { 'retry-after': 'Thu, 26 Nov 2026 10:00:09 GMT', date: 'Thu, 26 Nov 2026 10:00:00 GMT' },
    },
    { kind: 'later', afterMs: 9_000 },
  ],
  [
    'busy until a date that is over',
    { status: 503, headers: { 'retry-after': 'Tue, 24 Nov 2026 10:00:09 GMT' } },
    { kind: 'later', afterMs: 0 },
  ],
  ['busy for a year', { status: 503, headers: { 'retry-after': '31536000' } }, { kind: 'later', afterMs: 3_600_000 }],
  ['busy, for what time is not clear', { status: 503, headers: { 'retry-after': 'soon' } }, { kind: 'later' }],
  ['broken', { status: 500, text: refusal }, { kind: 'later' }],
  ['a redirect', { status: 301, headers: { location: 'http://elsewhere/' } }, { kind: 'later', afterMs: 30_000 }],
  ['the page of another server', { status: 200, text: '<html>' }, { kind: 'later', afterMs: 30_000 }],
];

describe('an answer', () => {
  test.each(cases)('%s', (_, { status, headers = {}, text = '' }, verdict) => {
    expect(judge({ status, headers, text }, now)).toMatchObject(verdict);
  });

  test('of a redirect is explained', () => {
    expect(judge({ status: 308, headers: { location: 'https://c.example/' }, text: '' }, now)).toMatchObject({
      why: '308, a redirect to https://c.example/, which is not followed: the key would go along. Set url to the collector itself',
    });
  });
});
