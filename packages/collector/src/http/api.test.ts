import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const writer = await server.key('default', 'write');
const reader = await server.key('default', 'read');

async function call(
  path: string,
  {
    key = writer,
    method = 'GET',
    body,
    headers = {},
  }: { key?: string | undefined; method?: string; body?: unknown; headers?: Record<string, string> } = {},
) {
  const response = await fetch(server.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  // Whatever the route answers: each test looks at what it needs.
  const json = /^application\/(problem\+)?json/u.test(response.headers.get('content-type') ?? '')
    ? (JSON.parse(text) as Record<string, never>)
    : undefined;
  return { status: response.status, json, text, headers: response.headers };
}

const rule = { kind: 'threshold', name: 'Busy', selector: 'cpu_busy_ratio', op: '>', value: 0.9 };

test('a rule is made with its defaults, listed and deleted; one that is wrong says where', async () => {
  const made = await call('/v1/rules', { method: 'POST', body: rule });
  expect(made).toMatchObject({
    status: 201,
    json: { ...rule, severity: 'warning', enabled: true, forMs: 0, reduce: 'value' },
  });
  const id: unknown = made.json?.['id'];
  expect((await call('/v1/rules')).json?.['rules']).toMatchObject([{ id }]);
  expect((await call(`/v1/rules/${String(id)}`, { method: 'DELETE' })).status).toBe(204);
  expect((await call(`/v1/rules/${String(id)}`, { method: 'DELETE' })).status).toBe(404);
});

test.each([
  ['a bound that is no number', { ...rule, value: 'high' }, 'http/body', 'value'],
  ['a kind that there is not', { ...rule, kind: 'magic' }, 'http/body', 'kind'],
  ['a selector that can not be read', { ...rule, selector: 'cpu{' }, 'query/parse', 'query'],
  ['no JSON', '{', 'http/json', undefined],
])('a rule with %s is refused', async (_, body, code, field) => {
  const { status, json } = await call('/v1/rules', { method: 'POST', body });
  expect({ status, problem: json }).toMatchObject({
    status: 400,
    problem: { code, ...(field === undefined ? {} : { field }) },
  });
});

test('rules of every kind are made, and those that are looked at now and then say how they fare', async () => {
  const made = async (body: object) => {
    const { status, json } = await call('/v1/rules', { method: 'POST', body });
    expect({ status, json }).toMatchObject({ status: 201, json: body });
    return json;
  };
  await made({ kind: 'forecast', name: 'Will be full', selector: 'disk', op: '>', limit: 0.9, horizonMs: 3_600_000 });
  await made({ kind: 'expression', name: 'High', expr: 'disk > 1', clearExpr: 'disk > 0.9' });
  await made({ kind: 'no-data', name: 'Gone', selector: 'disk', of: 'series' });
  await made({
    kind: 'composite',
    name: 'Both',
    condition: { any: [{ rule: 'High' }, { not: { not: { rule: 'Gone' } } }] },
  });
  const evaluations: Readonly<Record<string, object>> =
    (await call('/v1/rule-evaluations')).json?.['evaluations'] ?? {};
  expect(Object.values(evaluations)).toMatchObject([{ health: 'unknown' }, { health: 'unknown', missed: 0 }]);
  const own = (await call('/prometheus/api/v1/rules?rule_name[]=High&rule_name[]=Both')).json;
  expect(own).toMatchObject({
    data: { groups: [{ rules: [{ query: 'disk > 1', health: 'unknown' }, { name: 'Both' }] }] },
  });
});

const composite = { kind: 'composite', name: 'Both' };

test.each([
  [
    'a forecast that is surer when it is over',
    { kind: 'forecast', selector: 'a', op: '>', limit: 1, horizonMs: 60_000, confidence: 0.6, clearConfidence: 0.7 },
    'http/body',
    'clearConfidence',
  ],
  ['an expression that is a text', { kind: 'expression', expr: '"a"' }, 'rules/body', 'expr'],
  ['an expression that can not be read', { kind: 'expression', expr: 'sum(' }, 'query/parse', 'query'],
  [
    'a condition that holds while nothing fires',
    { ...composite, condition: { not: { rule: 'Gone' } } },
    'http/body',
    'condition',
  ],
  [
    'a condition over a rule that there is not',
    { ...composite, condition: { rule: 'Nothing' } },
    'rules/body',
    'condition',
  ],
  ['a condition over itself', { ...composite, condition: { rule: 'Both' } }, 'rules/body', 'condition'],
  ['a condition that is too deep', { ...composite, condition: nested(500) }, 'http/body', 'condition'],
  ['a runbook that is no address', { ...rule, runbookUrl: 'wiki page' }, 'http/body', 'runbookUrl'],
])('%s is refused', async (_, body, code, field) => {
  const { status, json } = await call('/v1/rules', { method: 'POST', body: { name: 'Wrong', ...body } });
  expect({ status, json }).toMatchObject({ status: 400, json: { code, field } });
});

function nested(levels: number): string {
  const open = '{"not":'.repeat(levels);
  return JSON.parse(`${open}{"rule":"Gone"}${'}'.repeat(levels)}`) as string;
}

test('runbooks are read without a key, each rule that everybody begins with has one', async () => {
  const { text, headers } = await call('/runbooks/disk-filling', { key: '' });
  expect(headers.get('content-type')).toMatch(/^text\/html/u);
  expect(text).toContain('<h1>Disk filling</h1>');
  expect(text).toContain('<code>apt-get clean</code>');
  expect((await call('/runbooks', { key: '' })).text).toContain('<a href="/runbooks/agent-over-its-budget">');
  expect((await call('/runbooks/nothing', { key: '' })).status).toBe(404);
});

test('a webhook has to be an http address', async () => {
  expect(
    await call('/v1/channels', { method: 'POST', body: { kind: 'webhook', name: 'x', url: 'file:///etc/passwd' } }),
  ).toMatchObject({
    status: 400,
    json: { code: 'http/body', field: 'url' },
  });
  expect(
    (
      await call('/v1/channels', {
        method: 'POST',
        body: { kind: 'webhook', name: 'x', url: 'https://hooks.example/1' },
      })
    ).status,
  ).toBe(201);
});

test('a key that may only read changes nothing', async () => {
  expect(await call('/v1/rules', { key: reader, method: 'POST', body: rule })).toMatchObject({
    status: 403,
    json: { code: 'auth/scope' },
  });
  expect((await call('/v1/rules', { key: reader })).status).toBe(200);
});

test('every path below /v1 asks who is there, those that do not exist included', async () => {
  for (const path of [
    '/v1/hosts',
    '/v1/rules',
    '/v1/channels',
    '/v1/alerts',
    '/v1/anomalies',
    '/v1/anomalies/events',
    '/v1/anomalies/events/e1',
    '/v1/series',
    '/v1/query_range',
    '/v1/session',
    '/v1/nothing',
  ]) {
    expect([path, (await call(path, { key: '' })).status]).toEqual([path, 401]);
  }
  expect(await call('/v1/nothing')).toMatchObject({
    status: 404,
    json: { code: 'http/not-found', detail: 'there is no GET /v1/nothing; /v1/docs lists what there is' },
  });
});

test('events are listed by their time and told by their id, to their tenant', async () => {
  const scope = await server.storage.tenants.ensure('default');
  const event = {
    id: 'event-1',
    host: 'db-1',
    start: 1_000_000,
    end: 1_030_000,
    peakAt: 1_010_000,
    peakSurprise: 7,
    peakRatio: 0.4,
    detectors: ['zscore'],
    seriesCount: 0,
    contributors: [],
    reason: 'a reason',
  };
  await server.storage.anomalyEvents.save(scope, [event]);
  const listed = await call('/v1/anomalies/events?start=1020&end=1040&host=db-1', { key: reader });
  expect(listed).toMatchObject({ status: 200, json: { events: [event] } });
  expect((await call('/v1/anomalies/events?start=1031&end=1040')).json).toEqual({ events: [] });
  expect((await call('/v1/anomalies/events/event-1')).json).toEqual(event);
  const other = await server.key('theirs', 'read');
  expect(await call('/v1/anomalies/events/event-1', { key: other })).toMatchObject({
    status: 404,
    json: { code: 'http/not-found', field: 'id' },
  });
  expect(await call('/v1/anomalies/events?start=1020')).toMatchObject({
    status: 400,
    json: { code: 'http/parameter', field: 'end' },
  });
});

test('one tenant’s rules, hosts and samples are not another’s', async () => {
  const [ingest, other] = [await server.key('mine', 'ingest'), await server.key('theirs', 'admin')];
  await server.ingest(ingest, testBatch());
  const mine = await server.key('mine', 'admin');
  const { json } = await call('/v1/rules', { key: mine, method: 'POST', body: rule });
  expect((await call(`/v1/rules/${String(json?.['id'])}`, { key: other, method: 'DELETE' })).status).toBe(404);
  expect((await call('/v1/rules', { key: other })).json).toEqual({ rules: [] });
  expect((await call('/v1/hosts', { key: other })).json).toEqual({ hosts: [] });
  expect((await call('/v1/series?query=cpu_busy_ratio', { key: other })).json).toEqual({ series: [] });
  expect((await call('/v1/hosts', { key: mine })).json).toMatchObject({
    hosts: [{ host: 'web-1', series: 2, state: 'up' }],
  });
});

test.each([
  ['/v1/query_range?start=0&end=1', 'query'],
  ['/v1/query_range?query=up&start=yesterday&end=1', 'start'],
  ['/v1/query_range?query=up&start=5&end=1', 'end'],
  ['/v1/query_range?query=up&start=0&end=1&step=-5', 'step'],
  ['/v1/query_range?query=up&start=0&end=1&step=1&aggregation=median', 'aggregation'],
  ['/v1/query_range?query=up&start=0&end=1&aggregation=avg', 'step'],
  ['/v1/query_range?query=up%7B&start=0&end=1', 'query'],
  ['/v1/alerts?state=angry', 'state'],
])('%s names the parameter %s', async (path, field) => {
  expect(await call(path)).toMatchObject({ status: 400, json: { field } });
});

test('a sign-in link works once, and its session reads, changes from its own page alone, and ends', async () => {
  const scope = await server.storage.tenants.ensure('default');
  const code = await server.storage.sessions.createSignInCode(scope, 60_000, Date.now());
  const signedIn = await call(`/sign-in?code=${code}`, { key: '' });
  expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/']);
  const [cookie = ''] = signedIn.headers.get('set-cookie')?.split(';') ?? [];
  expect(signedIn.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/u);
  expect(await call(`/sign-in?code=${code}`, { key: '' })).toMatchObject({
    status: 403,
    json: { code: 'auth/sign-in-code' },
  });
  expect(await call('/v1/session', { key: '', headers: { cookie } })).toMatchObject({
    status: 200,
    json: { tenant: 'default', by: 'session' },
  });
  const change = (headers: Record<string, string>) =>
    call('/v1/rules', { key: '', method: 'POST', body: rule, headers: { cookie, ...headers } });
  expect((await change({})).status).toBe(403);
  expect((await change({ origin: 'https://elsewhere.example' })).status).toBe(403);
  expect((await change({ origin: server.url })).status).toBe(201);
});

test('health, readiness and the collector’s own metrics need no key', async () => {
  expect((await call('/healthz', { key: '' })).text).toBe('ok\n');
  expect((await call('/readyz', { key: '' })).text).toBe('ready\n');
  expect((await call('/metrics', { key: '' })).text).toMatch(/^# TYPE tarsier_ingest_samples_total counter$/mu);
});

test('what the series are made of is there for those who read, as long as they ask for', async () => {
  const ingest = await server.key('counted', 'ingest');
  expect((await server.ingest(ingest, testBatch())).status).toBe(204);
  const key = await server.key('counted', 'read');
  expect(await call('/v1/cardinality?limit=1', { key })).toMatchObject({
    status: 200,
    json: {
      series: 2,
      metrics: [{ name: 'cpu_busy_ratio', series: 1 }],
      labels: [{ name: 'cpu', values: 1, series: 1 }],
      pairs: [{ name: 'host', value: 'web-1', series: 2 }],
      hosts: [{ name: 'web-1', series: 2 }],
    },
  });
  expect(await call('/v1/cardinality?limit=0', { key })).toMatchObject({ status: 400 });
  expect(await call('/v1/cardinality', { key: ingest })).toMatchObject({ status: 403 });
});
