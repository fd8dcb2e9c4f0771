import { afterAll, expect, test } from 'vitest';
import type { AnomalyEvent } from '@tarsier/protocol';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const writer = await server.key('default', 'write');
const reader = await server.key('default', 'read');
const scope = await server.storage.tenants.ensure('default');

async function call(
  path: string,
  { key = writer, method = 'GET', body }: { key?: string; method?: string; body?: object } = {},
) {
  const response = await fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // Whatever the route answers: each test looks at what it needs.
  return { status: response.status, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

const event = (id: string, peakSurprise: number): AnomalyEvent => ({
  id,
  host: 'db-1',
  start: Date.now() - 60_000,
  end: Date.now() - 30_000,
  peakAt: Date.now() - 50_000,
  peakSurprise,
  ...(peakSurprise > 6 ? { page: true } : {}),
  peakRatio: 0.4,
  detectors: ['zscore'],
  seriesCount: 1,
  contributors: [
    {
      metric: 'cpu_busy_ratio',
      labels: { host: 'db-1' },
      detectors: ['zscore'],
      since: 0,
      strength: 20,
      peakScore: 9,
      peakAt: 0,
      value: 1,
      expected: 0.1,
      low: 0,
      high: 0.2,
    },
  ],
  reason: 'a reason',
});

test('what somebody says of an event is kept with what it looked like, and can be taken back', async () => {
  await server.storage.anomalyEvents.save(scope, [event('e1', 7)]);
  const said = await call('/v1/anomalies/events/e1/feedback', { method: 'PUT', body: { verdict: 'noise' } });
  expect(said).toMatchObject({
    status: 200,
    json: { eventId: 'e1', host: 'db-1', verdict: 'noise', shape: { cpu_busy_ratio: 1 } },
  });
  await call('/v1/anomalies/events/e1/feedback', {
    method: 'PUT',
    body: { verdict: 'useful', comment: 'it was real' },
  });
  expect(await call('/v1/anomalies/feedback', { key: reader })).toMatchObject({
    json: { feedback: [{ eventId: 'e1', verdict: 'useful', comment: 'it was real' }] },
  });
  expect((await call('/v1/anomalies/events/e1/feedback', { method: 'DELETE' })).status).toBe(204);
  expect((await call('/v1/anomalies/events/e1/feedback', { method: 'DELETE' })).status).toBe(404);
  expect((await call('/v1/anomalies/feedback')).json).toEqual({ feedback: [] });
});

test('a budget is a page per host and week unless another is set; what it takes and what came of it are told', async () => {
  await server.storage.anomalyEvents.save(scope, [event('e2', 7), event('e3', 4)]);
  await server.storage.detectionTuning.saveCanary(scope, {
    id: 'c1',
    host: 'db-1',
    at: Date.now(),
    sigmas: 7,
    series: 5,
    found: true,
    surprise: 8,
    page: true,
  });
  const before = await call('/v1/detection/budget', { key: reader });
  expect(before).toMatchObject({
    status: 200,
    json: {
      budget: { pages: 1, perHostDays: 7 },
      achieved: { hosts: 0 },
      canaries: { injected: 1, found: 1, paged: 1, recall: [{ sigmas: 7, injected: 1, found: 1 }] },
    },
  });
  const budget = { pages: 2, perHostDays: 30 };
  expect(await call('/v1/detection/budget', { method: 'PUT', body: budget })).toMatchObject({ json: { budget } });
  expect(await call('/v1/detection/budget')).toMatchObject({ json: { budget } });
});

test('another tenant has its own budget, and nothing to say of these events', async () => {
  const other = await server.key('other', 'write');
  await server.storage.anomalyEvents.save(scope, [event('e4', 7)]);
  expect(await call('/v1/detection/budget', { key: other })).toMatchObject({
    json: { budget: { pages: 1, perHostDays: 7 }, achieved: { pages: 0 }, canaries: { injected: 0 } },
  });
  const body = { verdict: 'noise' };
  expect(await call('/v1/anomalies/events/e4/feedback', { key: other, method: 'PUT', body })).toMatchObject({
    status: 404,
    json: { code: 'http/not-found', field: 'id' },
  });
});

test('settings say which detectors look at which series; the newest first, and each can be taken away', async () => {
  const { json } = await call('/v1/detection/detectors', { key: reader });
  const { detectors } = json as { detectors: { name: string; of: string }[] };
  const kindOf = new Map(detectors.map(({ name, of }) => [name, of]));
  expect(kindOf.get('ensemble')).toBe('series');
  expect(kindOf.get('isolation-forest')).toBe('host');
  const made = await call('/v1/detection/settings', {
    method: 'POST',
    body: { selector: 'latency_seconds{host="db-1"}', detectors: ['ensemble', 'seasonal', 'joint-level'] },
  });
  expect(made).toMatchObject({ status: 201, json: { enabled: true, sigmas: 2.5, surprise: 4 } });
  const { id } = made.json as { id: string };
  expect((await call('/v1/detection/settings', { key: reader })).json).toMatchObject({ settings: [{ id }] });
  const other = await server.key('other', 'write');
  expect((await call(`/v1/detection/settings/${id}`, { key: other, method: 'DELETE' })).status).toBe(404);
  expect((await call('/v1/detection/settings/budget', { method: 'DELETE' })).status).toBe(404);
  expect((await call(`/v1/detection/settings/${id}`, { method: 'DELETE' })).status).toBe(204);
  expect((await call('/v1/detection/settings')).json).toEqual({ settings: [] });
});

test.each([
  [{ selector: 'up', detectors: ['magic'] }, 'detection/detector', 'detectors'],
  [{ selector: 'up{' }, 'query/parse', 'query'],
  [{ selector: 'up', sigmas: 0 }, 'http/body', 'sigmas'],
  [{}, 'http/body', 'selector'],
])('the setting %o is refused, and told where', async (body, code, field) => {
  expect(await call('/v1/detection/settings', { method: 'POST', body })).toMatchObject({
    status: 400,
    json: { code, field },
  });
});

test.each([
  ['/v1/detection/budget', { pages: 0, perHostDays: 7 }, 'pages'],
  ['/v1/detection/budget', { pages: 1, perHostDays: 1e9 }, 'perHostDays'],
  ['/v1/detection/budget', { pages: 'few' }, 'pages'],
  ['/v1/anomalies/events/e1/feedback', { verdict: 'meh' }, 'verdict'],
])('%s refuses %o and says where', async (path, body, field) => {
  expect(await call(path, { method: 'PUT', body })).toMatchObject({
    status: 400,
    json: { code: 'http/body', field },
  });
  expect((await call(path, { key: reader, method: 'PUT', body })).status).toBe(403);
});
