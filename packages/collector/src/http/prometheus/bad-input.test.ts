import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { testBatch } from '../../ingest/testing.ts';
import { silentLog } from '../../log.ts';
import { createEngine } from '../../query/engine.ts';
import { signatures } from '../../query/language/signatures.ts';
import { createQuery } from '../../query/query.ts';
import { createStorageReader } from '../../query/storage-reader.ts';
import { TarsierError } from '@tarsier/protocol';
import { startTestServer } from '../testing.ts';
import { readFailure } from './read-failure.ts';

const server = await startTestServer();
afterAll(() => server.close());
const endMs = Math.floor(Date.now() / 1000) * 1000;
const reader = await server.key('default', 'read');
const answer = z.object({
  status: z.string(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  data: z.unknown().optional(),
});

beforeAll(async () => {
  const stored = await server.ingest(await server.key('default', 'ingest'), testBatch({ endMs }));
  expect(stored.status).toBe(204);
});

async function ask(query: string, more: Readonly<Record<string, string>> = {}, path = 'query') {
  const response = await fetch(`${server.url}/prometheus/api/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${reader}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ query, time: String(endMs / 1000), ...more })),
  });
  return { code: response.status, ...answer.parse(await response.json()) };
}

const nested = (head: string, inner: string, tail: string, times: number): string =>
  head.repeat(times) + inner + tail.repeat(times);

test.each([
  // What would touch everything, or make room for it.
  [
    'more steps than there can be',
    'max_over_time(cpu_busy_ratio[1y:1ms])',
    422,
    'execution',
    'at most 50000000 samples',
  ],
  ['of a constant', 'max_over_time(vector(time())[400d:1ms])', 422, 'execution', 'at most 50000000 samples'],
  ['longer than samples are kept', 'rate(cpu_busy_ratio[9000d])', 422, 'execution', 'at most 400 days'],
  ['a subquery of subqueries', nested('max_over_time(', 'up', '[300d:1s])', 3), 422, 'execution', 'at most 400 days'],
  ['no condition', '{}', 400, 'bad_data', 'must contain at least one non-empty matcher'],
  ['conditions that hold for all', '{host=~".*", cpu!~"x"}', 400, 'bad_data', 'at least one non-empty matcher'],
  // Expressions without end.
  ['parentheses', nested('(', 'up', ')', 40_000), 400, 'bad_data', 'expected at most 200 levels of nesting'],
  ['calls', nested('abs(', 'up', ')', 10_000), 400, 'bad_data', 'expected at most 200 levels of nesting'],
  ['signs', `${'-'.repeat(90_000)}up`, 400, 'bad_data', 'expected at most 200 levels of nesting'],
  ['operators', `up${'+up'.repeat(30_000)}`, 400, 'bad_data', 'expected at most 1000 operators in a row'],
  ['brackets', `up${'[1m:]'.repeat(15_000)}`, 400, 'bad_data', 'parse error'],
  ['a long text', `up${'+up'.repeat(50_000)}`, 400, 'bad_data', 'expected at most 100000 characters'],
  ['a duration of sums', `up[${'1m+'.repeat(20_000)}1m]`, 400, 'bad_data', 'at most 100 parts'],
  // Patterns that explode.
  ['repetitions of repetitions', 'up{a=~"(((x{1,999}){1,999}){1,999}){1,999}"}', 400, 'bad_data', 'too many'],
  ['a pattern of many stars', `up{a=~"${'(x*)*'.repeat(9_000)}"}`, 400, 'bad_data', 'too many'],
  ['parentheses in a pattern', `up{a=~"${nested('(', 'x', ')', 40_000)}"}`, 400, 'bad_data', 'regular expression'],
  // Values that grow.
  [
    'a label twice as long each time',
    nested('label_replace(', 'cpu_busy_ratio', ', "cpu", "$1$1", "cpu", "(.*)")', 40),
    422,
    'execution',
    'expected a value of at most 32768 characters',
  ],
  [
    'and by joining',
    nested('label_join(', 'cpu_busy_ratio', ', "cpu", "", "cpu", "cpu")', 40),
    422,
    'execution',
    'expected a value of at most 32768 characters',
  ],
  // Numbers at the end of all numbers.
  ['too many for topk', 'topk(1e308, cpu_busy_ratio)', 422, 'execution', 'overflows int64'],
  ['no number for topk', 'topk(NaN, cpu_busy_ratio)', 422, 'execution', 'Parameter value is NaN'],
  ['an offset beyond time', 'up offset 9e15', 400, 'bad_data', 'duration out of range'],
  ['a duration beyond time', 'up[99999999999999999999y]', 400, 'bad_data', 'duration out of range'],
  ['a time beyond time', 'up @ 1e300', 400, 'bad_data', 'timestamp out of bounds'],
  // Texts that are none.
  ['control characters', '\u0001up\r\n', 400, 'bad_data', 'unexpected character'],
  ['half a surrogate, escaped', '"\\ud800"', 400, 'bad_data', 'invalid syntax of an escape'],
  ['a string without end', 'up{a="', 400, 'bad_data', 'unterminated quoted string'],
])('%s', async (_, query, code, errorType, message) => {
  const got = await ask(query);
  expect(got).toMatchObject({ code, status: 'error', errorType });
  expect(got.error).toContain(message);
});

test.each([
  ['a time long after all', 'cpu_busy_ratio @ 9000000000000000'],
  ['a time long before all', 'cpu_busy_ratio @ -9000000000000000'],
  ['an offset of centuries', 'cpu_busy_ratio offset -200y'],
  ['a value of a NUL', 'cpu_busy_ratio{host="\\u0000"}'],
  ['a pattern of half a surrogate', 'cpu_busy_ratio{host=~"\ud800"}'],
  ['labels that every object has', '{__proto__="x", constructor=~".+"}'],
  ['a name without end', `{"${'a'.repeat(90_000)}"}`],
  ['a pattern that explodes elsewhere', `cpu_busy_ratio{host=~"${'(a+)+'.repeat(20)}$"}`],
])('%s finds nothing, and soon', async (_, query) => {
  expect(await ask(query)).toMatchObject({ code: 200, data: { resultType: 'vector', result: [] } });
});

test('names of what every object has are labels as any', async () => {
  const got = await ask('label_replace(sum by (constructor, cpu) (cpu_busy_ratio), "__proto__", "1", "", "")');
  expect(got).toMatchObject({ code: 200 });
  expect(JSON.stringify(got.data)).toContain('"metric":{"__proto__":"1","cpu":"all"}');
});

test.each([
  [{ timeout: '-5' }, 'invalid parameter "timeout": expected a duration of 0 or more'],
  [{ time: 'NaN' }, 'invalid parameter "time": cannot parse "NaN"'],
  [{ limit: '99999999999999999999' }, 'invalid parameter "limit"'],
])('parameters %j are refused', async (more, message) => {
  const got = await ask('1', more);
  expect(got).toMatchObject({ code: 400, errorType: 'bad_data' });
  expect(got.error).toContain(message);
});

test.each(['CONNECTION_CLOSED', 'ECONNREFUSED', '57P01', '53300'])('%s says that the database is away', (code) => {
  expect(readFailure(Object.assign(new Error('gone'), { code }))).toMatchObject({ retryable: true });
  // A statement that is wrong is a fault of this program.
  const fault = Object.assign(new Error('no such column'), { code: '42703' });
  expect(readFailure(fault)).toBe(fault);
});

test('a database that is away is told as such', async () => {
  const fails = () => Promise.reject(Object.assign(new Error('gone'), { code: 'CONNECTION_CLOSED' }));
  const broken = await startTestServer((storage) => ({ ...storage, series: { ...storage.series, match: fails } }));
  try {
    const response = await fetch(`${broken.url}/prometheus/api/v1/query?query=up`, {
      headers: { authorization: `Bearer ${await broken.key('default', 'read')}` },
    });
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'error', errorType: 'unavailable', error: 'the database does not answer; ask again' },
    ]);
  } finally {
    await broken.close();
  }
});

test('a form beyond its limit is not read to the end', async () => {
  const got = await ask(`"${'x'.repeat(2_000_000)}"`);
  expect(got).toMatchObject({ code: 413, errorType: 'bad_data', error: 'body: expected at most 1048576 bytes' });
});

const word = fc.oneof(
  fc.constantFrom(...'()[]{}+-*/%^,:@=!~<>"\'`\\#'.split('')),
  fc.constantFrom(
    'cpu_busy_ratio',
    'sent_bytes_total',
    '{host="web-1"}',
    '{cpu=~"a.*"}',
    '[5m]',
    '[1m:10s]',
    '5m',
    '1e9',
  ),
  fc.constantFrom('by (cpu)', 'without (host)', 'on()', 'ignoring(cpu)', 'group_left', 'bool', 'offset', 'and', 'or'),
  fc.constantFrom(
    'sum',
    'topk',
    'quantile',
    'count_values',
    'limit_ratio',
    'NaN',
    'Inf',
    '"text"',
    'start()',
    '@ 1',
    'fill(0)',
  ),
  fc.constantFrom(...Object.keys(signatures)),
  fc.string({ maxLength: 3, unit: 'binary' }),
);
const soup = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '));
const call = fc
  .tuple(fc.constantFrom(...Object.keys(signatures)), fc.array(fc.array(word, { maxLength: 3 }), { maxLength: 4 }))
  .map(([name, args]) => `${name}(${args.map((words) => words.join(' ')).join(', ')})`);

test('whatever is asked, there is an answer or a sentence that says what is wrong', async () => {
  const { storage } = server;
  const engine = createEngine({ reader: createStorageReader({ query: createQuery({ storage }) }), log: silentLog });
  const scope = await storage.tenants.ensure('default');
  await fc.assert(
    fc.asyncProperty(fc.oneof(soup, call), async (query) => {
      const outcome = await engine.instant(scope, { query, time: endMs }).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(TarsierError);
    }),
    { numRuns: 400 },
  );
}, 60_000);
