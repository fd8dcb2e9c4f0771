import type { Alert } from '@tarsier/protocol';
import {
  rootCauseSchema,
  type ChangesResponse,
  type IncidentChartResponse,
  type IncidentResponse,
} from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { rootCauseAnalyse } from '../jobs/tasks/root-cause/analyse.ts';
import { testContext } from '../jobs/testing-context.ts';
import { createJobRooms } from '../jobs/threads/rooms.ts';
import { silentLog } from '../log.ts';
import { startProvider } from '../notify/testing-provider.ts';
import { testAlert } from '../storage/testing-incidents.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());

/** When the incident began: on a whole ten seconds, five minutes ago. */
const began = Math.floor((Date.now() - 300_000) / 10_000) * 10_000;

async function client(tenant: string) {
  const key = await server.key(tenant, 'write');
  return async <T>(method: string, path: string, body?: unknown) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    // Whatever the route answers: each test says what it looks at.
    return { status: response.status, json: (text === '' ? {} : JSON.parse(text)) as T };
  };
}

/** Forty minutes of a host: `latency` jumps at the beginning, a deployment's `threads` a minute before, others do not. */
async function importHost(tenant: string, host: string): Promise<void> {
  const lines = ['# TYPE latency_seconds gauge', '# TYPE errors_total counter', '# TYPE uptime_seconds gauge'];
  let errors = 0;
  for (let at = began - 35 * 60_000; at <= began + 300_000; at += 10_000) {
    const wobble = (at / 10_000) % 7;
    errors += at >= began ? 50 : 0;
    lines.push(
      `latency_seconds{host="${host}",path="/a"} ${(at >= began ? 2 : 0.2) + wobble / 100} ${at}`,
      `latency_seconds{host="${host}",path="/b"} ${(at >= began ? 1 : 0.2) + wobble / 50} ${at}`,
      `threads{host="${host}"} ${(at >= began - 60_000 ? 80 : 20) + wobble} ${at}`,
      `errors_total{host="${host}"} ${errors} ${at}`,
      `temperature_celsius{host="${host}"} ${40 + wobble} ${at}`,
      `uptime_seconds{host="${host}"} ${at / 1000} ${at}`,
    );
  }
  const response = await fetch(`${server.url}/v1/import/prometheus`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await server.key(tenant, 'ingest')}` },
    body: `${lines.join('\n')}\n`,
  });
  expect(response.status).toBe(200);
}

async function incidentOf(tenant: string, change: Partial<Alert> = {}): Promise<string> {
  const scope = await server.storage.tenants.ensure(tenant);
  const call = await client(tenant);
  const rule = await call<{ id: string }>('POST', '/v1/rules', {
    kind: 'threshold',
    name: 'Slow',
    selector: 'latency_seconds',
    op: '>',
    value: 0.5,
    forMs: 30_000,
  });
  const alert = testAlert('a'.repeat(32), began + 30_000, {
    ruleId: rule.json.id,
    host: 'web-1',
    metric: 'latency_seconds',
    labels: { host: 'web-1', path: '/a' },
    reason: 'latency_seconds was 2, above 0.5',
    ...change,
  });
  await server.storage.alerts.save(scope, [alert]);
  const id = `i${'a'.repeat(31)}`;
  expect(
    (await call('POST', `/v1/incidents/${id}/comment`, { by: 'ann', text: 'looks like the release' })).status,
  ).toBe(200);
  return id;
}

test('what changed is ranked: what jumped with the start, the cause of a minute before, and nothing else', async () => {
  await importHost('changed', 'web-1');
  const call = await client('changed');
  const id = await incidentOf('changed');
  const { status, json } = await call<ChangesResponse>('GET', `/v1/incidents/${id}/changes`);
  expect(status).toBe(200);
  expect(json).toMatchObject({ start: began, hosts: ['web-1'], hostsLeftOut: 0 });
  // Six series of the host; what its rules and the collector itself store is of no host.
  expect(json.seriesCompared).toBe(6);
  const byName = json.changes.toSorted((a, b) => (a.metric < b.metric ? -1 : 1));
  expect(byName).toMatchObject([
    { metric: 'errors_total', alike: 0, isAlert: false, isRate: true },
    { metric: 'latency_seconds', alike: 1, isAlert: true, isRate: false },
    { metric: 'threads', alike: 0, isAlert: false, isRate: false },
  ]);
  expect(json.changes[0]).toMatchObject({ metric: 'errors_total', before: 0, after: 5 });
  expect(json.changes.find(({ metric }) => metric === 'threads')).toMatchObject({ changedAt: began - 60_000 });
  expect(json.changes.map(({ score }) => score)).toEqual(
    json.changes.map(({ score }) => score).toSorted((a, b) => b - a),
  );
  expect((await call<ChangesResponse>('GET', `/v1/incidents/${id}/changes?limit=1`)).json.changes).toHaveLength(1);
});

test('the job ranks as the view does, says how sure each rank is, and what a plain way would have said', async () => {
  await importHost('analysed', 'web-1');
  const call = await client('analysed');
  const id = await incidentOf('analysed');
  const scope = await server.storage.tenants.ensure('analysed');
  const rooms = createJobRooms(server.storage, silentLog, Date.now);
  const context = { ...testContext(server.storage, scope, [], Date.now()), ...rooms };
  const result = rootCauseSchema.parse(await rootCauseAnalyse.run({ incident: id }, context));
  const { json } = await call<ChangesResponse>('GET', `/v1/incidents/${id}/changes`);
  expect(result).toMatchObject({ start: began, hosts: ['web-1'], seriesCompared: 6 });
  expect(result.causes.map(({ metric, score }) => [metric, score])).toEqual(
    json.changes.map(({ metric, score }) => [metric, score]),
  );
  for (const { confidence, pValue, baselineRank } of result.causes) {
    expect([confidence, pValue < 0.05, baselineRank !== undefined]).toEqual([1, true, true]);
  }
  expect(result.causes.find(({ metric }) => metric === 'threads')).toMatchObject({ leadMs: 60_000, isAlert: false });
  expect(result.explanation).toMatch(/^Of 6 series errors_total changed most, with it: from 0 to 5/u);
  const stranger = await server.storage.tenants.ensure('stranger');
  await expect(rootCauseAnalyse.run({ incident: id }, { ...context, scope: stranger })).rejects.toMatchObject({
    code: 'http/not-found',
    retryable: false,
  });
});

test('an incident is seen with its timeline of alerts, people, deployments and what was not told', async () => {
  await importHost('seen', 'web-1');
  const call = await client('seen');
  const id = await incidentOf('seen');
  const deployment = {
    id: 'deploy-42',
    title: 'shop 1.42',
    at: began - 60_000,
    host: 'web-1',
    labels: { service: 'shop' },
    link: 'https://ci.example/42',
  };
  expect((await call('POST', '/v1/events', deployment)).status).toBe(201);
  expect((await call('POST', '/v1/events', { ...deployment, until: began - 30_000 })).status).toBe(201);
  expect((await call('POST', '/v1/events', { kind: 'job', title: 'backup', at: began - 120_000 })).status).toBe(201);
  await call('POST', '/v1/events', { title: 'elsewhere', at: began, host: 'web-9' });
  await call('POST', '/v1/events', { title: 'long ago', at: began - 5 * 3_600_000 });
  const { status, json } = await call<IncidentResponse>('GET', `/v1/incidents/${id}`);
  expect(status).toBe(200);
  expect(json.timeline.map(({ kind, text, by }) => `${kind} ${by ?? ''} ${text}`)).toEqual([
    'event  job: backup',
    'event  deployment: shop 1.42',
    'opened  by Load on web-1: latency_seconds was 2, above 0.5',
    'joined  fires: Load on web-1',
    'held  not told: no-channel, route default leads to no channel',
    'unsent  Load on web-1 fires: not told (no-channel), route default leads to no channel',
    'action ann looks like the release',
  ]);
  expect(json.events.map(({ title }) => title)).toEqual(['shop 1.42', 'backup']);
  expect(json.range.start).toBe(began - 30 * 60_000);
  const shown = `${new Date(json.range.start).toISOString()}/${new Date(json.range.end).toISOString()}`;
  expect(json.links).toMatchObject({
    incident: `/#/alerts/${id}?range=${shown}`,
    hosts: [{ host: 'web-1', link: `/#/hosts/web-1?range=${shown}` }],
  });
  const graph = await call<{ data: { result: unknown[] } }>('GET', json.links.query ?? '');
  expect(graph.json.data.result).toHaveLength(1);

  const stranger = await client('stranger');
  for (const part of ['', '/changes', '/chart']) {
    expect((await stranger('GET', `/v1/incidents/${id}${part}`)).status).toBe(404);
  }
  const range = `start=${began / 1000 - 3_600}&end=${Date.now() / 1000}`;
  expect((await stranger('GET', `/v1/events?${range}`)).json).toEqual({ events: [] });
  expect((await stranger('DELETE', '/v1/events/deploy-42')).status).toBe(404);
  expect((await call<{ events: object[] }>('GET', `/v1/events?${range}&kind=job`)).json.events).toHaveLength(1);
  expect((await call('DELETE', '/v1/events/deploy-42')).status).toBe(204);
});

test('its chart is what the likely cause was seen in, with the bound and when it began', async () => {
  await importHost('drawn', 'web-1');
  const call = await client('drawn');
  const id = await incidentOf('drawn');
  await call('POST', '/v1/events', { title: 'shop 1.42', at: began - 60_000 });
  const { chart } = (await call<IncidentChartResponse>('GET', `/v1/incidents/${id}/chart`)).json;
  expect(chart).toMatchObject({
    title: 'latency_seconds{host="web-1",path="/a"}',
    threshold: { op: '>', value: 0.5 },
    markers: [
      { at: began - 60_000, kind: 'event', label: 'deployment: shop 1.42' },
      { at: began, kind: 'start' },
    ],
    series: [{ label: 'web-1 path="/a"' }],
  });
  const [line] = chart?.series ?? [];
  const after = line?.values.filter((_, i) => (line.times[i] ?? 0) > began + 60_000) ?? [];
  expect(after.length).toBeGreaterThan(5);
  expect(Math.min(...after.map(Number))).toBeGreaterThan(0.5);
});

test('its picture is drawn, for those with a key and for those with a signed address, for a while', async () => {
  await importHost('pictured', 'web-1');
  const call = await client('pictured');
  const id = await incidentOf('pictured');
  const key = await server.key('pictured', 'read');
  const headers = { authorization: `Bearer ${key}` };
  const svg = await fetch(`${server.url}/v1/incidents/${id}/chart.svg`, { headers });
  expect(svg.headers.get('content-type')).toBe('image/svg+xml');
  const text = await svg.text();
  expect(text).toContain('Load on web-1');
  expect(text).toContain('&gt; 0.5');
  const png = await fetch(`${server.url}/v1/incidents/${id}/chart.png`, { headers });
  expect(
    Buffer.from(await png.arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  expect((await fetch(`${server.url}/v1/incidents/${id}/chart.png`)).status).toBe(401);

  const provider = await startProvider();
  const channel = await call<{ id: string }>('POST', '/v1/channels', { kind: 'slack', name: 'ops', url: provider.url });
  await call('POST', `/v1/channels/${channel.json.id}/test`, {});
  provider.close();
  // What the test told is the address of a picture that needs no key.
  const { image_url: address } = z
    .object({ attachments: z.tuple([z.object({ image_url: z.url() })]) })
    .parse(provider.received[0]?.json).attachments[0];
  const { pathname } = new URL(address);
  const fetched = await fetch(server.url + pathname);
  expect(fetched.status).toBe(200);
  expect(fetched.headers.get('content-type')).toBe('image/png');
  expect((await fetch(server.url + pathname.replace(/\.png$/u, '.svg'))).status).toBe(200);
  expect((await fetch(server.url + pathname.replace('/snapshots/', '/snapshots/x'))).status).toBe(404);
  expect((await fetch(`${server.url}/snapshots/nothing.png`)).status).toBe(404);
});

test('an incident of a rule that is gone, of a host without samples, has no changes and no chart', async () => {
  const call = await client('bare');
  const id = await incidentOf('bare', { ruleId: 'gone', metric: '', labels: {}, host: '' });
  expect((await call('GET', `/v1/incidents/${id}/chart`)).json).toEqual({ chart: null });
  expect((await call('GET', `/v1/incidents/${id}/changes`)).json).toMatchObject({ changes: [], hosts: [] });
  expect((await call('GET', `/v1/incidents/${id}`)).status).toBe(200);
});

test('events are kept as long as rollups by minute, and no longer', async () => {
  const call = await client('kept');
  const dayMs = 86_400_000;
  await call('POST', '/v1/events', { title: 'old', at: began - 100 * dayMs });
  await call('POST', '/v1/events', { title: 'long', at: began - 100 * dayMs, until: began - 80 * dayMs });
  await call('POST', '/v1/events', { title: 'new', at: began });
  await server.storage.dropExpired(Date.now(), { samples: 7, minutes: 90, hours: 1_100 });
  const range = `start=${began / 1000 - 101 * 86_400}&end=${Date.now() / 1000}`;
  const { json } = await call<{ events: { title: string }[] }>('GET', `/v1/events?${range}`);
  expect(json.events.map(({ title }) => title)).toEqual(['new', 'long']);
});

test.each([
  [{ title: '' }, 'title'],
  [{ title: 'x', kind: 'De ploy' }, 'kind'],
  [{ title: 'x', at: 2, until: 1 }, 'until'],
  [{ title: 'x', until: 1 }, 'until'],
  [{ title: 'x', id: 'a b' }, 'id'],
  [{ title: 'x', link: 'javascript:alert(1)' }, 'link'],
  [{ title: 'x', labels: { 'a b': '' } }, 'labels.a b'],
])('an event %j is refused', async (body, field) => {
  const call = await client('refused');
  expect(await call('POST', '/v1/events', body)).toMatchObject({
    status: 400,
    json: { code: 'http/body', field },
  });
});
