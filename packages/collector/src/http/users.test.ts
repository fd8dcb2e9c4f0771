import { operations, roles, type Operation } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { requireOperation, scopeOf } from '../tenancy/permissions.ts';
import { createPeople, password } from './testing-people.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const admin = await server.key('acme', 'admin');

const { send, page, join } = createPeople(server, admin);
const withKey = { authorization: `Bearer ${admin}` };
test('who is invited becomes a user with a password, once per invitation, and signs in with it', async () => {
  const invited = await send('POST /v1/invitations', withKey, { email: 'Ann@Acme.example', role: 'editor' });
  expect(invited).toMatchObject({ status: 201, json: { email: 'ann@acme.example', role: 'editor' } });
  const { token } = invited.json;
  const accept = () => send('POST /v1/invitations/accept', {}, { token, name: 'Ann', password });
  const joined = await accept();
  expect(joined).toMatchObject({ status: 201, json: { tenant: 'acme', user: { role: 'editor' } } });
  expect(joined.setCookie).toMatch(/^tarsier_session=[\w-]{32}; .*HttpOnly; SameSite=Lax$/u);
  expect(await accept()).toMatchObject({ status: 403, json: { code: 'users/invitation' } });
  const signedIn = await send('POST /v1/sign-in', {}, { email: 'ann@acme.EXAMPLE', password });
  expect(signedIn.status).toBe(200);
  expect((await send('GET /v1/session', page(signedIn.cookie))).json).toMatchObject({
    tenant: 'acme',
    scope: 'write',
    by: 'session',
    user: { email: 'ann@acme.example', role: 'editor' },
  });
  const kept = await server.sql`select * from account`;
  expect(JSON.stringify(kept)).not.toContain(password);
  expect(kept[0]?.['password_hash']).toMatch(/^scrypt\$32768\$8\$3\$/u);
});

test('a wrong password and an address that nobody has are told in the same words; after ten tries nobody is let in', async () => {
  await join('bob@acme.example', 'viewer');
  const attempt = (email: string, secret: string, headers = {}) =>
    send('POST /v1/sign-in', headers, { email, password: secret });
  const [wrong, unknown] = [await attempt('bob@acme.example', 'x'), await attempt('nobody@acme.example', 'x')];
  for (const { status, json } of [wrong, unknown]) {
    expect({ status, code: json['code'], detail: json['detail'] }).toEqual({
      status: 401,
      code: 'auth/password',
      detail: 'the e-mail address or the password is not right',
    });
  }
  for (let tries = 0; tries < 9; tries++) await attempt('bob@acme.example', 'x');
  const refused = await attempt('bob@acme.example', password);
  expect(refused).toMatchObject({ status: 429, json: { code: 'auth/attempts' } });
  expect(Number(refused.retryAfter)).toBeGreaterThan(600);
  expect(Number(refused.retryAfter)).toBeLessThanOrEqual(900);
});

test('signing in from another site’s page is refused', async () => {
  expect(
    await send('POST /v1/sign-in', { origin: 'https://evil.example' }, { email: 'a@b.example', password }),
  ).toMatchObject({ status: 403, json: { code: 'auth/origin' } });
});

test('one owner stays; only owners make others; who is taken out is out', async () => {
  const owner = (await server.sql`
    with made as (insert into account (id, email, name, created_at) values ('o', 'o@acme.example', 'O', 1))
    insert into membership (tenant_id, account_id, role, created_at)
    select tenant_id, 'o', 'owner', 1 from tenant where name = 'acme' returning tenant_id`) as unknown as [
    { tenant_id: number },
  ];
  for (const request of ['DELETE /v1/users/o', 'PUT /v1/users/o']) {
    const refused = await send(request, withKey, request.startsWith('PUT') ? { role: 'viewer' } : undefined);
    expect(refused).toMatchObject({ status: 409, json: { code: 'users/last-owner' } });
  }
  const scope = { tenantId: owner[0].tenant_id, tenant: 'acme' };
  await server.sql`insert into account (id, email, name, created_at) values ('c', 'c@acme.example', 'C', 1)`;
  await server.sql`insert into membership values (${scope.tenantId}, 'c', 'admin', 1)`;
  const carol = page(`tarsier_session=${await server.storage.sessions.create(scope, 'c', 60_000, Date.now())}`);
  expect(await send('PUT /v1/users/c', carol, { role: 'owner' })).toMatchObject({ status: 403 });
  expect(await send('POST /v1/invitations', carol, { email: 'x@y.example', role: 'owner' })).toMatchObject({
    status: 403,
  });
  expect((await send('PUT /v1/users/c', withKey, { role: 'owner' })).json).toMatchObject({ id: 'c', role: 'owner' });
  expect((await send('DELETE /v1/users/o', withKey)).status).toBe(204);
  const token = await server.storage.sessions.create(scope, 'o', 60_000, Date.now());
  expect(await server.storage.sessions.find(token, Date.now())).toBeUndefined();
  expect((await send('DELETE /v1/users/o', withKey)).status).toBe(404);
});

/** What each role may of what the API has, besides what anybody may: by method, then tag. */
test.each(roles)('%s may what its scope stands for, of every operation, and nothing else', (role) => {
  const order = ['read', 'write', 'admin'];
  const own = order.indexOf(scopeOf[role]);
  for (const [key, operation] of Object.entries<Operation>(operations)) {
    const identity = {
      tenant: { tenantId: 1, tenant: 't' },
      scope: scopeOf[role],
      by: 'session' as const,
      name: 'x',
      user: { id: 'x', email: 'x', role },
    };
    let allowed = true;
    try {
      requireOperation(identity, operation);
    } catch {
      allowed = false;
    }
    const { scope } = operation;
    const expected =
      scope === 'public' ||
      scope === 'any' ||
      (scope === 'ingest' || scope === 'operator'
        ? scope === 'ingest' && scopeOf[role] === 'admin'
        : order.indexOf(scope) <= own) ||
      (role === 'on-call' && operation.onCall === true);
    const isForOthers = operation.owner === true && role !== 'owner';
    expect([key, allowed]).toEqual([key, expected && !isForOthers]);
  }
});
