import { operations, type Operation } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import { createPeople } from './testing-people.ts';
import { sampleBody } from './testing-sample.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { storage } = server;
const operatorKey = await server.key('default', 'operator');
const { send, page, member } = createPeople(server, operatorKey);
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const operate = (request: string, body?: unknown, headers = {}) =>
  send(request, { ...bearer(operatorKey), ...headers }, body);

async function create(name: string, tier = 'free') {
  const { json } = await operate('POST /v1/tenants', { name, tier });
  const scope = { tenantId: Number(json['id']), tenant: name };
  return { id: String(json['id']), scope, key: (kind: 'ingest' | 'read' | 'admin') => server.key(name, kind) };
}

const forOperators = Object.entries<Operation>(operations).filter(([, { scope }]) => scope === 'operator');

test('who owns another tenant is no operator, whatever credential it is', async () => {
  await create('acme');
  const owner = await member('owner@acme.example', 'owner');
  const admin = await member('admin@default.example', 'admin', 'default');
  const forged = await server.key('acme', 'operator');
  const token = await send('POST /v1/tokens', bearer(await server.key('acme', 'admin')), {});
  expect(forOperators.length).toBeGreaterThan(9);
  for (const [key] of forOperators) {
    const request = key.replaceAll(/\{\w+\}/gu, '1');
    const body = key.startsWith('GET') ? undefined : (sampleBody(key, 'x') ?? {});
    for (const headers of [page(owner.cookie), page(admin.cookie), bearer(String(token.json['token']))]) {
      expect([key, (await send(request, headers, body)).status]).toEqual([key, 403]);
    }
    // A key of that scope in another tenant, however it got there, is none.
    expect([key, (await send(request, bearer(forged), body)).status]).toEqual([key, 401]);
  }
  const made = await send('POST /v1/keys', bearer(await server.key('acme', 'admin')), { name: 'x', scope: 'operator' });
  expect(made).toMatchObject({ status: 403, json: { code: 'auth/scope' } });
});

test('an owner of the first tenant is one', async () => {
  const boss = await member('boss@default.example', 'owner', 'default');
  expect((await send('GET /v1/session', page(boss.cookie))).json).toMatchObject({ scope: 'operator' });
  expect((await send('GET /v1/tenants', page(boss.cookie))).status).toBe(200);
});

test('a tenant is made, handed over to its first owner, and both audit logs say what was done', async () => {
  const made = await operate('POST /v1/tenants', { name: 'globex' });
  expect(made).toMatchObject({ status: 201, json: { name: 'globex', tier: 'free', suspendedAt: null } });
  expect(await operate('POST /v1/tenants', { name: 'globex' })).toMatchObject({ json: { code: 'tenants/name' } });
  expect(await operate('POST /v1/tenants', { name: 'x', tier: 'gold' })).toMatchObject({
    status: 400,
    json: { code: 'tenants/tier', field: 'tier' },
  });
  const id = String(made.json['id']);
  const invited = await operate(`POST /v1/tenants/${id}/invitations`, { email: 'gil@globex.example', role: 'owner' });
  const accepted = { token: invited.json['token'], name: 'Gil', password: 'long enough to count' };
  const joined = await send('POST /v1/invitations/accept', {}, accepted);
  expect(joined).toMatchObject({ status: 201, json: { tenant: 'globex', user: { role: 'owner' } } });
  await operate(`PUT /v1/tenants/${id}`, { tier: 'pro', suspended: false });
  const own = await send('GET /v1/audit', page(joined.cookie));
  expect(own.json['entries']).toMatchObject([
    { actor: { name: 'operator test' }, before: { tier: 'free' }, after: { tier: 'pro' } },
    { actor: { name: 'gil@globex.example' }, action: 'POST /v1/invitations/accept', target: '/v1/sessions' },
  ]);
  const home = await operate('GET /v1/audit?action=POST%20/v1/tenants');
  expect(JSON.stringify(home.json)).toContain('globex');
});

test('a tenant has its tier’s limits, its own in their place, and sees how much of them it uses', async () => {
  const { id, key } = await create('limited');
  const [ingest, read] = [await key('ingest'), await key('read')];
  await server.ingest(ingest, testBatch({ host: 'a' }));
  const limitOf = async (name: string) => {
    const { json } = await send('GET /v1/limits', bearer(read));
    return (json['limits'] as readonly { name: string }[]).find((limit) => limit.name === name);
  };
  expect((await send('GET /v1/limits', bearer(read))).json).toMatchObject({ tier: 'free' });
  expect(await limitOf('hosts')).toEqual({ name: 'hosts', key: '', value: 5, unit: 'hosts', source: 'tier', used: 1 });
  expect(await limitOf('series')).toMatchObject({ value: 10_000, used: 2 });
  const set = await operate(`PUT /v1/tenants/${id}/limits`, { limits: { hosts: 1, series: 2, 'query-seconds': 7 } });
  expect(set.json).toEqual({ limits: { hosts: 1, series: 2, 'query-seconds': 7 } });
  expect(await limitOf('hosts')).toMatchObject({ value: 1, source: 'tenant' });
  expect(await limitOf('query-seconds')).toMatchObject({ value: 7 });
  expect(await operate(`PUT /v1/tenants/${id}/limits`, { limits: { hosts: 0 } })).toMatchObject({ status: 400 });
  await operate(`PUT /v1/tenants/${id}/limits`, { limits: {} });
  expect(await limitOf('hosts')).toMatchObject({ value: 5, source: 'tier' });
});

test('limits of a tier hold: more hosts and series than it has are refused', async () => {
  await operate('PUT /v1/tiers/tiny', { limits: { hosts: 1 }, weight: 2 });
  const { scope, key } = await create('tiny-one', 'tiny');
  const ingest = await key('ingest');
  expect((await server.ingest(ingest, testBatch({ host: 'a' }))).status).toBe(204);
  const refused = await server.ingest(ingest, testBatch({ host: 'b' }));
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ code: 'limit/hosts' });
  // And its jobs have the tier's share of the workers.
  expect(await storage.jobs.laneCounts(scope)).toMatchObject([{ type: '*', weight: 2 }]);
  await operate('PUT /v1/tiers/narrow', { limits: { series: 1 } });
  const narrow = await create('narrow-one', 'narrow');
  expect((await server.ingest(await narrow.key('ingest'), testBatch({}))).status).toBe(429);
});

test('tiers are changed with what was read, and go when no tenant has them', async () => {
  const tier = await operate('PUT /v1/tiers/gold', { limits: { hosts: 7 }, weight: 3 });
  expect(tier.json).toEqual({ name: 'gold', limits: { hosts: 7 }, weight: 3, tenants: 0 });
  const stale = await operate('PUT /v1/tiers/gold', { limits: {} }, { 'if-match': '"not-this"' });
  expect(stale.status).toBe(412);
  await create('golden', 'gold');
  expect(await operate('DELETE /v1/tiers/gold')).toMatchObject({ status: 409, json: { code: 'tenants/tier-used' } });
  await operate('PUT /v1/tiers/silver', { limits: {} });
  expect((await operate('DELETE /v1/tiers/silver')).status).toBe(204);
  const { json } = await operate('GET /v1/tiers');
  const names = (json['tiers'] as readonly { name: string }[]).map(({ name }) => name);
  expect(names).toEqual(['free', 'pro', 'enterprise', 'tiny', 'narrow', 'gold']);
});

test('a suspended tenant lets nobody in and takes nothing; let in again, all is as it was', async () => {
  const { id, scope, key } = await create('paused', 'pro');
  const person = await member('pat@paused.example', 'owner', 'paused');
  const token = String((await send('POST /v1/tokens', bearer(await key('admin')), {})).json['token']);
  const [read, ingest] = [await key('read'), await key('ingest')];
  const suspended = await operate(`PUT /v1/tenants/${id}`, { tier: 'pro', suspended: true });
  expect(suspended.json['suspendedAt']).toBeGreaterThan(0);
  expect((await send('GET /v1/hosts', bearer(read))).status).toBe(401);
  expect((await send('GET /v1/hosts', bearer(token))).status).toBe(401);
  expect((await send('GET /v1/session', page(person.cookie))).status).toBe(401);
  expect((await server.ingest(ingest, testBatch({}))).status).toBe(401);
  // Nobody decides for it: its rules rest.
  expect((await storage.leases.renew(60_000)).map((lease) => lease.scope.tenant)).not.toContain('paused');
  await operate(`PUT /v1/tenants/${id}`, { tier: 'pro', suspended: false });
  expect((await send('GET /v1/hosts', bearer(read))).status).toBe(200);
  expect((await storage.leases.renew(60_000)).map((lease) => lease.scope.tenant)).toContain(scope.tenant);
  await storage.leases.release();
});

test('a tenant is deleted once it is suspended and quiet, with all of it; the first one never', async () => {
  const { id, scope, key } = await create('gone');
  await server.ingest(await key('ingest'), testBatch({ host: 'a' }));
  const remove = () => operate(`DELETE /v1/tenants/${id}`);
  expect(await remove()).toMatchObject({ status: 409, json: { code: 'tenants/in-use' } });
  await operate(`PUT /v1/tenants/${id}`, { tier: 'free', suspended: true });
  expect(await remove()).toMatchObject({ status: 409 });
  await server.sql`update tenant set suspended_at = 1 where tenant_id = ${scope.tenantId}`;
  expect((await remove()).status).toBe(204);
  expect((await operate(`GET /v1/tenants/${id}`)).status).toBe(404);
  expect(await server.sql`select * from series where tenant_id = ${scope.tenantId}`).toEqual([]);
  const home = await storage.tenants.ensure('default');
  for (const request of [`DELETE /v1/tenants/${home.tenantId}`, `PUT /v1/tenants/${home.tenantId}`]) {
    const body = request.startsWith('PUT') ? { tier: 'free', suspended: true } : undefined;
    expect(await operate(request, body)).toMatchObject({ status: 409, json: { code: 'tenants/home' } });
  }
});

test('tenants are listed in parts', async () => {
  const first = await operate('GET /v1/tenants?limit=2');
  expect(first.json['tenants']).toHaveLength(2);
  const second = await operate(`GET /v1/tenants?limit=2&cursor=${String(first.json['next'])}`);
  expect(JSON.stringify(second.json['tenants'])).not.toContain(JSON.stringify(first.json['tenants']).slice(1, 30));
});
