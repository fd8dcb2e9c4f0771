import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { testBatch } from '../../ingest/testing.ts';
import { startTestServer } from '../testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const endMs = Math.floor(Date.now() / 1000) * 1000;
const end = endMs / 1000;
const reader = await server.key('default', 'read');

beforeAll(async () => {
  const stored = await server.ingest(await server.key('default', 'ingest'), testBatch({ endMs }));
  expect(stored.status).toBe(204);
  await fetch(`${server.url}/v1/rules`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await server.key('default', 'write')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'threshold', name: 'Busy', selector: 'cpu_busy_ratio', op: '>', value: 0.9 }),
  });
});

const answer = z.object({
  status: z.string(),
  data: z.unknown().optional(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()).optional(),
  infos: z.array(z.string()).optional(),
});

async function ask(path: string, { key = reader, form }: { key?: string; form?: string | undefined } = {}) {
  const response = await fetch(`${server.url}/prometheus${path}`, {
    method: form === undefined ? 'GET' : 'POST',
    headers: {
      // As promtool does with http://user:KEY@host, and Grafana with a password.
      ...(key === '' ? {} : { authorization: `Basic ${btoa(`any:${key}`)}` }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(form === undefined ? {} : { body: form }),
  });
  return { code: response.status, ...answer.parse(await response.json()) };
}

const query = (text: string, more = ''): string => `/api/v1/query?query=${encodeURIComponent(text)}&time=${end}${more}`;

const requests = z
  .array(
    z.object({
      client: z.string(),
      method: z.enum(['GET', 'POST']),
      path: z.string(),
      form: z.string().optional(),
      data: z.unknown(),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('testdata/client-requests.json', import.meta.url), 'utf8')));

/** Recorded with other times: END stands for that of the newest sample. */
function atEnd(value: unknown): unknown {
  if (value === 'END') return end;
  if (typeof value === 'string') return value.replaceAll('END', String(end));
  if (Array.isArray(value)) return value.map(atEnd);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, atEnd(inner)]));
}

test.each(requests)('$client: $method $path', async ({ path, form, data }) => {
  const got = await ask(path.replaceAll('END', String(end)), { form: form?.replaceAll('END', String(end)) });
  expect(got).toMatchObject({ code: 200, status: 'success', data: atEnd(data) });
});

test.each([
  [query('sum('), 400, 'bad_data', 'invalid parameter "query": 1:5: parse error: unexpected end of input'],
  ['/api/v1/query?query=up&time=x', 400, 'bad_data', 'invalid parameter "time": cannot parse "x" to a valid timestamp'],
  [
    '/api/v1/query?query=up&timeout=x',
    400,
    'bad_data',
    'invalid parameter "timeout": cannot parse "x" to a valid duration',
  ],
  ['/api/v1/query', 400, 'bad_data', 'invalid parameter "query": 1:1: parse error: no expression found in input'],
  [
    query('label_replace(cpu_busy_ratio, "a", "b", "cpu", "(")'),
    422,
    'execution',
    'invalid regular expression in label_replace()',
  ],
  [query('{host="web-1"} + on() {host="web-1"}'), 422, 'execution', 'found duplicate series for the match group {}'],
  [
    '/api/v1/query_range?query=up&start=1&end=0&step=1',
    400,
    'bad_data',
    'invalid parameter "end": end timestamp must not be before start time',
  ],
  [
    '/api/v1/query_range?query=up&start=0&end=1&step=0',
    400,
    'bad_data',
    'invalid parameter "step": zero or negative query resolution step widths',
  ],
  [
    '/api/v1/query_range?query=up&start=0&end=20000&step=1',
    400,
    'bad_data',
    'exceeded maximum resolution of 11,000 points per timeseries',
  ],
  [
    '/api/v1/query_range?query="x"&start=0&end=1&step=1',
    400,
    'bad_data',
    'invalid expression type "string" for range query',
  ],
  ['/api/v1/query_range?query=up&end=1&step=1', 400, 'bad_data', 'invalid parameter "start"'],
  ['/api/v1/series', 400, 'bad_data', 'no match[] parameter provided'],
  ['/api/v1/series?match[]=up{', 400, 'bad_data', 'invalid parameter "match[]": 1:4: parse error'],
  ['/api/v1/labels?start=x', 400, 'bad_data', 'invalid parameter "start"'],
  ['/api/v1/format_query?query=1%2B', 400, 'bad_data', 'invalid parameter "query": 1:3: parse error'],
  ['/api/v1/labels?limit=-1', 400, 'bad_data', 'invalid parameter "limit": limit must be non-negative'],
  [
    '/api/v1/query_range?query=up[100y]&start=0&end=1&step=1',
    400,
    'bad_data',
    'invalid expression type "range vector"',
  ],
  [query('max_over_time(up[100y])'), 422, 'execution', 'expected at most 400 days'],
  ['/api/v1/nothing', 404, 'not_found', 'there is no GET /prometheus/api/v1/nothing'],
])('%s is answered with %i %s', async (path, code, errorType, message) => {
  const got = await ask(path);
  expect(got).toMatchObject({ code, status: 'error', errorType });
  expect(got.error).toContain(message);
});

test('nobody reads without a key, nor with one for shipping alone, nor what is another tenant’s', async () => {
  expect(await ask(query('1'), { key: '' })).toMatchObject({ code: 401, status: 'error', errorType: 'unauthorized' });
  expect(await ask(query('1'), { key: 'wrong' })).toMatchObject({ code: 401, errorType: 'unauthorized' });
  expect(await ask('/api/v1/nothing', { key: '' })).toMatchObject({ code: 401 });
  const shipping = await server.key('default', 'ingest');
  expect(await ask(query('1'), { key: shipping })).toMatchObject({ code: 403, errorType: 'forbidden' });
  const other = await server.key('other', 'read');
  expect(await ask(query('{host="web-1"}'), { key: other })).toMatchObject({
    code: 200,
    data: { resultType: 'vector', result: [] },
  });
  expect(await ask('/api/v1/labels', { key: other })).toMatchObject({ data: [] });
});

test('warnings, infos and statistics come with the answer, and a limit says what it left out', async () => {
  expect(await ask(query('quantile(2, cpu_busy_ratio)'))).toMatchObject({
    warnings: ['PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)'],
    data: { result: [{ value: [end, '+Inf'] }] },
  });
  expect(await ask(query('rate(cpu_busy_ratio[10s])'))).toMatchObject({
    infos: [expect.stringContaining('metric might not be a counter')],
  });
  const limited = await ask(query('{host="web-1"}', '&limit=1&stats=all'));
  expect(limited).toMatchObject({
    warnings: ['results truncated due to limit'],
    data: {
      result: [expect.anything()],
      stats: {
        timings: { evalTotalTime: expect.any(Number), execQueueTime: 0 },
        samples: { totalQueryableSamplesPerStep: [[end, 2]], totalQueryableSamples: 2, samplesRead: 20 },
      },
    },
  });
  expect(await ask(`/api/v1/label/__name__/values?limit=1`)).toMatchObject({
    data: ['cpu_busy_ratio'],
    warnings: ['results truncated due to limit'],
  });
});

test('statistics by step are for those who want all of them', async () => {
  const range = `/api/v1/query_range?query=cpu_busy_ratio&start=${end - 4}&end=${end}&step=2`;
  expect((await ask(`${range}&stats=all`)).data).toMatchObject({
    stats: { samples: { totalQueryableSamplesPerStep: [end - 4, end - 2, end].map((at) => [at, 1]) } },
  });
  const some = z.object({ stats: z.object({ samples: z.record(z.string(), z.number()) }) });
  expect(some.parse((await ask(`${range}&stats=true`)).data).stats.samples).toMatchObject({ totalQueryableSamples: 3 });
  expect((await ask(range)).data).not.toHaveProperty('stats');
});

test('series are listed up to a limit, and more than all is told', async () => {
  const all = encodeURIComponent('{__name__!=""}');
  expect(await ask(`/api/v1/series?match[]=${all}&limit=1`)).toMatchObject({
    code: 200,
    data: [{ __name__: 'cpu_busy_ratio' }],
    warnings: ['results truncated due to limit'],
  });
  const both = await ask(`/api/v1/series?match[]=${all}&match[]=cpu_busy_ratio&limit=2`);
  expect(both).toMatchObject({ data: [{}, {}] });
  expect(both).not.toHaveProperty('warnings');
});

test('series and labels of a time are those of hosts that sent something then', async () => {
  const ingest = await server.key('times', 'ingest');
  const early = endMs - 7_200_000;
  await server.ingest(ingest, testBatch({ endMs: early, host: 'gone' }));
  await server.ingest(ingest, testBatch({ endMs, host: 'here' }));
  const key = await server.key('times', 'read');
  const times = (from: number, to: number) => `start=${from / 1000}&end=${to / 1000}`;
  const hosts = async (when: string) => (await ask(`/api/v1/label/host/values?${when}`, { key })).data;
  expect(await hosts('')).toEqual(['gone', 'here']);
  expect(await hosts(times(endMs - 60_000, endMs))).toEqual(['here']);
  expect(await hosts(times(early - 60_000, early))).toEqual(['gone']);
  expect(await hosts(times(early, endMs))).toEqual(['gone', 'here']);
  expect(await hosts(times(0, early - 60_000))).toEqual([]);
  expect((await ask(`/api/v1/labels?${times(0, 1)}`, { key })).data).toEqual([]);
  const series = await ask(`/api/v1/series?match[]=cpu_busy_ratio&start=${endMs / 1000 - 60}`, { key });
  expect(series.data).toEqual([{ __name__: 'cpu_busy_ratio', cpu: 'all', host: 'here' }]);
  expect(await ask(`/api/v1/labels?${times(1, 0)}`, { key })).toMatchObject({ code: 400, errorType: 'bad_data' });
});

test('a heatmap of classic buckets is what Grafana draws', async () => {
  const lines = [0, 1].flatMap((minute) =>
    ['0.1', '1', '+Inf'].map(
      (le, bucket) =>
        `latency_seconds_bucket{instance="api:80",le="${le}"} ${(bucket + 1) * 60 * minute} ${endMs - 60_000 + minute * 60_000}`,
    ),
  );
  const imported = await fetch(`${server.url}/v1/import/prometheus`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await server.key('heat', 'ingest')}` },
    body: `# TYPE latency_seconds histogram\n${lines.join('\n')}\n`,
  });
  expect(imported.status).toBe(200);
  const form = new URLSearchParams({
    query: 'sum by (le) (increase(latency_seconds_bucket[1m1s]))',
    start: String(end),
    end: String(end),
    step: '15',
  });
  const key = await server.key('heat', 'read');
  const got = await ask('/api/v1/query_range', { key, form: String(form) });
  const increase = (count: number) => expect.stringMatching(new RegExp(`^${count}`, 'u'));
  expect(got.data).toMatchObject({
    resultType: 'matrix',
    result: [
      { metric: { le: '+Inf' }, values: [[end, increase(180)]] },
      { metric: { le: '0.1' }, values: [[end, increase(60)]] },
      { metric: { le: '1' }, values: [[end, increase(120)]] },
    ],
  });
});

test('a tenant with limits of its own has them in its answers', async () => {
  const { storage } = server;
  const small = await storage.tenants.ensure('small');
  await storage.tenants.setQueryLimits(small, { series: 1, samples: 5 });
  expect((await server.ingest(await server.key('small', 'ingest'), testBatch({ endMs }))).status).toBe(204);
  const key = await server.key('small', 'read');
  expect(await ask(query('sum({host="web-1"})'), { key })).toMatchObject({
    code: 422,
    errorType: 'execution',
    error: 'query: expected at most 1 series, got 2; narrow the selector',
  });
  expect(await ask(query('sum_over_time(cpu_busy_ratio[1m])'), { key })).toMatchObject({
    code: 422,
    errorType: 'execution',
    error: expect.stringContaining('expected at most 5 samples'),
  });
  expect(await ask(query('cpu_busy_ratio[5s]'), { key })).toMatchObject({ code: 200 });
  expect(await ask(query('sum({host="web-1"})'))).toMatchObject({ code: 200 });
});

test('a client that hangs up ends its query in the database as well', async () => {
  const waiting = async (sql: typeof server.sql): Promise<number> =>
    (
      await sql`select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%from batch%'`
    ).length;
  await server.sql.begin(async (sql) => {
    await sql`lock table batch in access exclusive mode`;
    const leaving = new AbortController();
    const answer = fetch(`${server.url}/prometheus${query('cpu_busy_ratio')}`, {
      headers: { authorization: `Bearer ${reader}` },
      signal: leaving.signal,
    });
    answer.catch(() => {});
    const become = (count: number) =>
      vi.waitFor(async () => expect(await waiting(sql as unknown as typeof server.sql)).toBe(count), {
        timeout: 20_000,
        interval: 20,
      });
    await become(1);
    leaving.abort();
    await expect(answer).rejects.toThrow('aborted');
    await become(0);
  });
});

test('a range vector is answered with its raw samples, and a text with itself', async () => {
  const got = await ask(query('cpu_busy_ratio[3s]'));
  expect(got.data).toMatchObject({
    resultType: 'matrix',
    result: [
      {
        values: [
          [end - 2, '0.07'],
          [end - 1, '0.08'],
          [end, '0.09'],
        ],
      },
    ],
  });
  expect(await ask(query('"a\\tb"'))).toMatchObject({ data: { resultType: 'string', result: [end, 'a\tb'] } });
});

test('/v1/query_range takes any expression, with a step', async () => {
  const get = async (parameters: Record<string, string>): Promise<unknown> => {
    const response = await fetch(
      `${server.url}/v1/query_range?${String(new URLSearchParams({ start: String(end - 1), end: String(end), ...parameters }))}`,
      { headers: { authorization: `Bearer ${reader}` } },
    );
    return response.json();
  };
  expect(await get({ query: 'sum(cpu_busy_ratio) * 100', step: '1' })).toEqual({
    status: 'success',
    data: {
      resultType: 'matrix',
      result: [
        {
          metric: {},
          values: [
            [end - 1, '8'],
            [end, '9'],
          ],
        },
      ],
    },
  });
  const refused = { code: 'query/parameter', field: 'query' };
  expect(await get({ query: 'sum(cpu_busy_ratio)' })).toMatchObject(refused);
  expect(await get({ query: 'sum(cpu_busy_ratio)', step: '1', aggregation: 'avg' })).toMatchObject(refused);
});
