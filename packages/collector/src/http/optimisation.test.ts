import type { Recommendation } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());

async function client(tenant: string, scope: 'read' | 'write' = 'write') {
  const key = await server.key(tenant, scope);
  return async (method: string, path: string) => {
    const response = await fetch(`${server.url}/v1${path}`, { method, headers: { authorization: `Bearer ${key}` } });
    return { status: response.status, body: (await response.json()) as unknown };
  };
}

const recommendation = (id: string, gain: number): Recommendation => ({
  id,
  kind: 'headroom',
  subject: { kind: 'host', name: 'a' },
  title: 'Give a more',
  reason: 'it is busy',
  arithmetic: '70 - 65',
  gain: { subject: gain, tenant: gain, low: gain, high: gain },
  effort: 'medium',
  confidence: 1,
  state: 'open',
  createdAt: 1,
  changedAt: 1,
});

test('recommendations are read by gain, followed by who may write, and decided once', async () => {
  const scope = await server.storage.tenants.ensure('acme');
  await server.storage.recommendations.save(scope, [recommendation('small', 1), recommendation('large', 5)]);
  const call = await client('acme');
  const first = (await call('GET', '/recommendations?limit=1')).body as { next: string };
  expect(first).toMatchObject({ recommendations: [{ id: 'large' }] });
  expect((await call('GET', `/recommendations?limit=1&cursor=${first.next}`)).body).toMatchObject({
    recommendations: [{ id: 'small' }],
  });
  expect((await (await client('acme', 'read'))('POST', '/recommendations/large/follow')).status).toBe(403);
  expect((await (await client('other'))('POST', '/recommendations/large/follow')).status).toBe(404);
  expect((await call('POST', '/recommendations/large/follow')).body).toMatchObject({
    state: 'followed',
    followedAt: expect.any(Number),
  });
  expect(await call('POST', '/recommendations/large/dismiss')).toMatchObject({
    status: 409,
    body: { code: 'recommendations/state' },
  });
  // What a job finds again does not take back what somebody has decided.
  await server.storage.recommendations.save(scope, [recommendation('large', 7)]);
  expect((await call('GET', '/recommendations?state=followed')).body).toMatchObject({
    recommendations: [{ id: 'large', gain: { subject: 5 } }],
  });
  expect((await call('POST', '/recommendations/large/reopen')).body).not.toHaveProperty('followedAt');
});

test('scores are answered as of now, with every part and its weight', async () => {
  const now = Date.now();
  const lines = Array.from({ length: 20 }, (_, back) => {
    const at = now - back * 30_000;
    return `cpu_busy_ratio{cpu="all"} 0.85 ${at}\ncpu_cores 4 ${at}\nmemory_used_ratio 0.5 ${at}\nmemory_total_bytes 8589934592 ${at}`;
  });
  const imported = await fetch(`${server.url}/v1/import/prometheus?host=db`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await server.key('shop', 'ingest')}`, 'content-type': 'text/plain' },
    body: `${lines.join('\n')}\n`,
  });
  expect(imported.status).toBeLessThan(300);
  const call = await client('shop', 'read');
  const { body } = await call('GET', '/optimisation');
  expect(body).toMatchObject({
    version: 1,
    tenant: { kind: 'tenant', hosts: 1 },
    hosts: [
      {
        name: 'db',
        parts: [{ id: 'headroom', score: 50 }, { id: 'saturation', score: null, weight: 0 }, {}, {}, {}, {}],
      },
    ],
  });
  expect((await (await client('empty', 'read'))('GET', '/optimisation')).body).toMatchObject({ hosts: [] });
});

test('the newest analysis of performance is answered, and before there is one that is said', async () => {
  const scope = await server.storage.tenants.ensure('fast');
  const call = await client('fast', 'read');
  expect(await call('GET', '/performance')).toMatchObject({ status: 404, body: { code: 'http/not-found' } });
  const result = {
    kind: 'performance.analyse',
    version: 1,
    at: 1,
    window: { from: 0, to: 1 },
    method: 'USE',
    score: 90,
    parts: [],
    subjects: [],
    caches: [],
    rightSizes: [],
    advice: [],
  };
  for (const [number, score] of [80, 90].entries()) {
    await server.sql`
      insert into job (tenant_id, id, type, state, priority, payload, submitted_by, created_at, finished_at,
        max_attempts, timeout_ms, base_ms, estimate_ms, estimate_cost, reserved, result)
      values (${scope.tenantId}, ${`00000000-0000-7000-8000-00000000000${number}`}, 'performance.analyse', 'succeeded', 0,
        '{}', 'key', 1, 2, 1, 1000, 1, 1, 1, 1, ${server.sql.json({ ...result, score })})`;
  }
  expect(await call('GET', '/performance')).toMatchObject({
    status: 200,
    body: { job: '00000000-0000-7000-8000-000000000001', finishedAt: 2, result: { score: 90 } },
  });
  expect((await (await client('slow', 'read'))('GET', '/performance')).status).toBe(404);
});
