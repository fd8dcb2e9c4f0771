import { createClient } from '@tarsier/protocol/client';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import { silentLog } from '../log.ts';
import { createLimiter } from '../tenancy/limiter.ts';
import { burstS, leaseS } from '../tenancy/token-bucket.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { storage, sql } = server;

async function startTenant(name: string, limits: Readonly<Record<string, number>>) {
  const scope = await storage.tenants.ensure(name);
  for (const [limit, value] of Object.entries(limits)) await storage.limits.set(scope, { name: limit, key: '', value });
  const [ingest, read] = await Promise.all([server.key(name, 'ingest'), server.key(name, 'read')]);
  const get = (path: string, key = read) => fetch(server.url + path, { headers: { authorization: `Bearer ${key}` } });
  return { scope, ingest, read, get };
}

test('who asks more often than it may gets a 429 with the limit’s name and when to come again', async () => {
  const { get } = await startTenant('often', { requests: 1 });
  const statuses: number[] = [];
  let last = await get('/v1/hosts');
  expect(last.headers.get('ratelimit-policy')).toBe(`"requests";q=${burstS};w=${burstS}`);
  expect(last.headers.get('ratelimit')).toMatch(/^"requests";r=\d+;t=10$/u);
  for (let i = 0; i < burstS + 10; i++) {
    last = await get('/v1/hosts');
    statuses.push(last.status);
  }
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(burstS - 1);
  expect(last.status).toBe(429);
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(last.headers.get('ratelimit-policy')).toBe(`"requests";q=${burstS};w=${burstS}`);
  expect(last.headers.get('ratelimit')).toBe(`"requests";r=0;t=${last.headers.get('retry-after') ?? ''}`);
  expect(await last.json()).toMatchObject({ code: 'limit/requests', limit: 'requests', retryable: true });
  // The same limit, in the words of Prometheus's API.
  expect((await get('/prometheus/api/v1/query?query=1')).status).toBe(429);
});

test('a key may have a limit of its own, which the tenant’s other keys do not feel', async () => {
  const { scope, get } = await startTenant('keys', {});
  const limited = await server.key('keys', 'read');
  const [{ id } = { id: '' }] = (await storage.keys.list(scope)).filter(({ lastFour }) => limited.endsWith(lastFour));
  await storage.limits.set(scope, { name: 'requests', key: id, value: 0.1 });
  expect((await get('/v1/hosts', limited)).status).toBe(200);
  expect((await get('/v1/hosts', limited)).status).toBe(429);
  expect((await get('/v1/hosts')).status).toBe(200);
  expect(await (await get('/v1/limits')).json()).toEqual({
    tier: 'enterprise',
    limits: [{ name: 'requests', key: id, value: 0.1, unit: 'requests per second', source: 'key', used: null }],
  });
});

const text = (host: string, count: number) =>
  Array.from({ length: count }, (_, i) => `limited{host="${host}",i="${i}"} 1\n`).join('');

test('samples over the limit are refused whole: an agent keeps them, and each door says it in its own words', async () => {
  // A batch has 20.
  const { ingest } = await startTenant('samples', { samples: 3 });
  const taken = await server.ingest(ingest, testBatch({ seq: 0 }));
  expect(taken.status).toBe(204);
  expect(taken.headers.get('ratelimit')).toMatch(/^"samples";r=\d+;t=10$/u);
  const refused = await server.ingest(ingest, testBatch({ seq: 1 }));
  expect(refused.status).toBe(429);
  expect(refused.headers.get('ratelimit')).toMatch(/^"samples";r=0;t=\d+$/u);
  expect(await refused.json()).toMatchObject({ limit: 'samples' });
  // It is known now: the next one is refused without being read.
  const unread = await server.ingest(ingest, new Uint8Array([1, 2, 3]));
  expect(unread.status).toBe(429);
  const headers = { authorization: `Bearer ${ingest}` };
  const post = (path: string, more: Record<string, string>, body = '') =>
    fetch(server.url + path, { method: 'POST', headers: { ...headers, ...more }, body });
  const write = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
  const answers = await Promise.all([
    post('/v1/import/prometheus', {}, text('a', 20)),
    post('/v1/metrics', { 'content-type': 'application/json' }, '{}'),
    post('/api/v2/write', {}, 'm,host=a v=1'),
    // Prometheus throws away what it gets a 429 for.
    post('/api/v1/write', write),
    post('/api/v1/write', { ...write, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([429, 429, 429, 503, 429]);
  for (const answer of answers) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('hosts over the limit are not let in, those that are there go on', async () => {
  const { scope, ingest } = await startTenant('hosts', { hosts: 1 });
  expect((await server.ingest(ingest, testBatch({ host: 'first' }))).status).toBe(204);
  const second = await server.ingest(ingest, testBatch({ host: 'second' }));
  expect(second.status).toBe(429);
  expect(await second.json()).toMatchObject({ code: 'limit/hosts', limit: 'hosts' });
  expect((await server.ingest(ingest, testBatch({ host: 'first', seq: 1 }))).status).toBe(204);
  await storage.deletions.deleteHost(scope, 'first');
  expect((await server.ingest(ingest, testBatch({ host: 'second' }))).status).toBe(204);
});

test('a limit of stored bytes stops what is sent, and nothing else', async () => {
  const { scope, ingest, get } = await startTenant('bytes', { bytes: 1 });
  expect((await server.ingest(ingest, testBatch())).status).toBe(204);
  await server.limiter.measure();
  const refused = await server.ingest(ingest, testBatch({ seq: 1 }));
  expect(await refused.json()).toMatchObject({ code: 'limit/bytes', limit: 'bytes' });
  expect((await get('/v1/hosts')).status).toBe(200);
  await storage.limits.set(scope, { name: 'bytes', key: '', value: null });
});

test('a tenant has so many jobs waiting, and so many running, as it may', async () => {
  const { scope, get } = await startTenant('jobs', { 'jobs-waiting': 3, 'jobs-running': 1 });
  const key = await server.key('jobs', 'write');
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(server.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  const later = { type: 'noop', startAt: Date.now() + 3_600_000 };
  expect((await post('/v1/jobs/bulk', { jobs: [later, later] })).status).toBe(201);
  expect(await post('/v1/jobs/bulk', { jobs: [later, later] })).toMatchObject({
    status: 429,
    json: { code: 'limit/jobs-waiting', limit: 'jobs-waiting', retryable: true },
  });
  const last = await post('/v1/jobs', later);
  expect(last.status).toBe(201);
  expect((await post('/v1/jobs', later)).status).toBe(429);
  const { id } = last.json['job'] as { id: string };
  expect((await post(`/v1/jobs/${id}/cancel`, {})).status).toBe(200);
  expect((await post('/v1/jobs', { type: 'noop' })).status).toBe(201);
  expect(await (await get('/v1/limits')).json()).toMatchObject({
    limits: expect.arrayContaining([
      expect.objectContaining({ name: 'jobs-running', value: 1, unit: 'jobs that run at once' }),
      expect.objectContaining({ name: 'jobs-waiting', value: 3 }),
    ]),
  });
  // Whatever the tenant sets for itself.
  await storage.jobs.setLane(scope, '*', { maxRunning: 50 });
  const pause = { type: 'pause', payload: { ms: 300 } };
  expect((await post('/v1/jobs/bulk', { jobs: [pause, pause] })).status).toBe(429);
  expect((await post('/v1/jobs', pause)).status).toBe(201);
  await expect
    .poll(async () => (await storage.jobs.work.view()).tenants.find(({ tenantId }) => tenantId === scope.tenantId))
    .toMatchObject({ maxRunning: 1 });
});

test("a tenant's jobs cost no more than it may spend in a day and a month: what is over waits, and is refused", async () => {
  const { scope, get } = await startTenant('money', { 'money-day': 0.000_02 });
  const tarsier = createClient({ url: server.url, token: await server.key('money', 'write') });
  const charge = (day: string, cost: number) => sql`
    insert into job_usage (tenant_id, day, type, runs, base_ms, estimate_ms, metered_ms, cost)
    values (${scope.tenantId}, ${day}::date, 'noop', 1, 1, 1, 1, ${cost})
    on conflict (tenant_id, day, type) do update set cost = excluded.cost`;
  const today = new Date().toISOString().slice(0, 10);
  // Less is left than is set aside for a run: it waits, and says what for.
  await charge(today, 16_000);
  const { job } = await tarsier.call('POST /v1/jobs', { body: { type: 'noop' } });
  const { waiting } = await tarsier.call('GET /v1/jobs/{id}', { params: { id: job.id } });
  expect(waiting?.reasons.join()).toContain('the budget of 0.00002 USD for jobs has 0.000004 left');
  await charge(today, 20_000);
  await expect(tarsier.call('POST /v1/jobs', { body: { type: 'noop' } })).rejects.toMatchObject({
    status: 429,
    code: 'limit/money-day',
    message: expect.stringContaining('may cost 0.00002 USD in a day and have cost 0.00002'),
  });
  expect(await (await get('/v1/limits')).json()).toMatchObject({
    limits: [{ name: 'money-day', value: 0.000_02, used: 0.000_02, unit: 'USD that jobs may cost on a day (UTC)' }],
  });
  // With more to spend it goes on by itself.
  await storage.limits.set(scope, { name: 'money-day', key: '', value: 1 });
  const stateOf = async () => (await tarsier.call('GET /v1/jobs/{id}', { params: { id: job.id } })).job.state;
  await expect.poll(stateOf, { timeout: 20_000 }).toBe('succeeded');
  // The same for the month, of the tier, on another collector, which knows nothing of the former limits.
  await storage.tiers.put({ name: 'thrifty', limits: { 'money-month': 0.000_01 }, weight: 1 });
  await storage.tiers.changeTenant(scope.tenantId, { tier: 'thrifty', suspendedAt: null });
  const other = createLimiter({ storage, log: silentLog });
  await expect(other.newJobs(scope, 1)).rejects.toMatchObject({ code: 'limit/money-month' });
});

test('two collectors let in together what one may, however it is spread over them', async () => {
  const scope = await storage.tenants.ensure('replicas');
  const rate = 50;
  await storage.limits.set(scope, { name: 'requests', key: '', value: rate });
  let time = Date.now();
  const collectors = [0, 1, 2].map(() => createLimiter({ storage, log: silentLog, now: () => time }));
  const began = time;
  let admitted = 0;
  // Ten seconds at twelve times the limit, most of it on one collector, and one that comes in late.
  for (; time < began + 10_000; time += 50) {
    const tries = collectors.flatMap((limiter, at) => Array.from({ length: at === 0 ? 24 : 3 }, () => limiter));
    const outcomes = await Promise.allSettled(tries.map((limiter) => limiter.request({ tenant: scope }, false)));
    admitted += outcomes.filter(({ status }) => status === 'fulfilled').length;
  }
  const allowed = rate * burstS + rate * 10;
  expect(admitted).toBeLessThanOrEqual(allowed);
  // What lies unused is at most what each has taken ahead.
  expect(admitted).toBeGreaterThanOrEqual(allowed - collectors.length * rate * leaseS - rate * 0.2);
});
