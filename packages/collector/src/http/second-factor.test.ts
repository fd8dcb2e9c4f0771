import { afterAll, expect, test } from 'vitest';
import { totpCode, totpStep } from '../tenancy/totp.ts';
import { createPeople, password, type Sent } from './testing-people.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { send, page, member } = createPeople(server, await server.key('acme', 'admin'));
const acme = await server.storage.tenants.ensure('acme');

/** Codes of steps that go up, as the collector wants them: the one before now, that of now, the next one. */
const codeOf = (secret: string, offset: -1 | 0 | 1) => totpCode(secret, totpStep(Date.now()) + offset);
const signIn = (email: string, code?: string) => send('POST /v1/sign-in', {}, { email, password, code });

async function enrol(email: string) {
  const joined = await member(email, 'editor');
  const begun = await send('POST /v1/account/totp', page(joined.cookie), { password });
  const secret = String(begun.json['secret']);
  const confirmed = await send('POST /v1/account/totp/confirm', page(joined.cookie), { code: codeOf(secret, -1) });
  return { joined, begun, secret, confirmed };
}
const codesOf = ({ json }: Sent): readonly string[] => json['recoveryCodes'] as readonly string[];

test('a second factor is set up with the password and a code, and is asked for from then on', async () => {
  const joined = await member('ann@acme.example', 'editor');
  const ann = page(joined.cookie);
  expect(await send('POST /v1/account/totp', ann, { password: 'not it' })).toMatchObject({
    status: 403,
    json: { code: 'account/password' },
  });
  const begun = await send('POST /v1/account/totp', ann, { password });
  const secret = String(begun.json['secret']);
  expect(begun.json['uri']).toBe(
    `otpauth://totp/Tarsier%3Aann%40acme.example?secret=${secret}&issuer=Tarsier&algorithm=SHA1&digits=6&period=30`,
  );
  // Not yet: who could not scan it is not locked out.
  expect((await signIn('ann@acme.example')).status).toBe(200);
  expect(await send('POST /v1/account/totp/confirm', ann, { code: '000000' })).toMatchObject({ status: 401 });
  const confirmed = await send('POST /v1/account/totp/confirm', ann, { code: codeOf(secret, -1) });
  expect(codesOf(confirmed)).toHaveLength(10);
  // A session of its own for what is stronger; the former one is over.
  expect((await send('GET /v1/account', page(confirmed.cookie))).json).toMatchObject({
    email: 'ann@acme.example',
    hasTotp: true,
    recoveryCodesLeft: 10,
  });

  expect(await signIn('ann@acme.example')).toMatchObject({ status: 401, json: { code: 'auth/second-factor' } });
  const code = codeOf(secret, 0);
  expect((await signIn('ann@acme.example', code)).status).toBe(200);
  expect(await signIn('ann@acme.example', code)).toMatchObject({ status: 401, json: { code: 'auth/code' } });
  const kept = JSON.stringify(await server.sql`select recovery_hashes from account`);
  for (const recovery of codesOf(confirmed)) expect(kept).not.toContain(recovery);
});

test('of two sign-ins with the same code at the same moment one is refused', async () => {
  const { secret } = await enrol('twice@acme.example');
  const code = codeOf(secret, 0);
  const both = await Promise.all([signIn('twice@acme.example', code), signIn('twice@acme.example', code)]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
});

test('a recovery code lets in once; new ones take a fresh code, and end the former ones', async () => {
  const { secret, confirmed } = await enrol('bob@acme.example');
  const [first = '', second = ''] = codesOf(confirmed);
  const signedIn = await signIn('bob@acme.example', first.toUpperCase().replaceAll('-', ' '));
  expect(signedIn.status).toBe(200);
  expect(await signIn('bob@acme.example', first)).toMatchObject({ status: 401, json: { code: 'auth/code' } });
  const bob = page(signedIn.cookie);
  expect((await send('GET /v1/account', bob)).json).toMatchObject({ recoveryCodesLeft: 9 });
  const renewed = await send('POST /v1/account/recovery-codes', bob, { code: codeOf(secret, 0) });
  expect(renewed.status).toBe(201);
  expect((await signIn('bob@acme.example', second)).status).toBe(401);
  expect((await signIn('bob@acme.example', codesOf(renewed)[0])).status).toBe(200);
});

test('it is turned off with a fresh code alone', async () => {
  const { secret, confirmed } = await enrol('carl@acme.example');
  const carl = page(confirmed.cookie);
  for (const code of ['000000', codeOf(secret, -1)]) {
    expect((await send('POST /v1/account/totp/disable', carl, { code })).status).toBe(401);
  }
  expect(await send('POST /v1/account/totp', carl, { password })).toMatchObject({ json: { code: 'account/totp' } });
  expect((await send('POST /v1/account/totp/disable', carl, { code: codeOf(secret, 1) })).status).toBe(204);
  expect((await signIn('carl@acme.example')).status).toBe(200);
  expect(await send('POST /v1/account/totp/disable', carl, { code: '000000' })).toMatchObject({
    status: 409,
    json: { code: 'account/totp' },
  });
});

test('after ten wrong codes even the right one has to wait, and is told how long', async () => {
  const { secret, confirmed } = await enrol('dora@acme.example');
  for (let tries = 0; tries < 10; tries++) {
    const wrong = await send('POST /v1/account/totp/disable', page(confirmed.cookie), { code: '000000' });
    expect(wrong).toMatchObject({ status: 401, json: { code: 'auth/code' } });
  }
  const refused = await signIn('dora@acme.example', codeOf(secret, 0));
  expect(refused).toMatchObject({ status: 429, json: { code: 'auth/attempts' } });
  expect(Number(refused.retryAfter)).toBeGreaterThan(600);
});

test('where the tenant wants a second factor, a password alone opens nothing but setting one up', async () => {
  const other = await server.key('strict', 'admin');
  const admin = await member('admin@strict.example', 'admin', 'strict');
  const strict = await server.storage.tenants.ensure('strict');
  const set = { requireTotp: true };
  expect((await send('PUT /v1/sign-in-policy', page(admin.cookie), set)).status).toBe(403);
  expect((await send('PUT /v1/sign-in-policy', { authorization: `Bearer ${other}` }, set)).json).toEqual(set);
  expect(await server.storage.tenants.requiresTotp(acme)).toBe(false);
  const joined = await member('eve@strict.example', 'admin', 'strict');
  const eve = page(joined.cookie);
  expect((await send('GET /v1/session', eve)).json).toMatchObject({ scope: 'none', tenant: 'strict' });
  for (const request of [
    'GET /v1/hosts',
    'GET /v1/users',
    'POST /v1/tokens',
    'POST /v1/keys',
    'GET /prometheus/api/v1/query?query=up',
    'GET /alertmanager/api/v2/silences',
  ]) {
    const refused = await send(request, eve, request.startsWith('POST') ? { name: 'x', scope: 'read' } : undefined);
    expect([request, refused.status]).toEqual([request, 403]);
  }
  const begun = await send('POST /v1/account/totp', eve, { password });
  const code = codeOf(String(begun.json['secret']), 0);
  const confirmed = await send('POST /v1/account/totp/confirm', eve, { code });
  expect((await send('GET /v1/session', page(confirmed.cookie))).json).toMatchObject({ scope: 'admin' });
  expect((await send('GET /v1/users', page(confirmed.cookie))).status).toBe(200);
  const entries = await server.storage.audit.list(strict, { action: 'PUT /v1/sign-in-policy', limit: 10 });
  expect(entries.items[0]).toMatchObject({ before: { requireTotp: false }, after: { requireTotp: true } });
});

test('one sees where one is signed in, and ends a session from afar; never somebody else’s', async () => {
  const first = await member('finn@acme.example', 'viewer');
  const second = await signIn('finn@acme.example');
  const stranger = await member('gus@acme.example', 'admin');
  const list = async (cookie: string) =>
    (await send('GET /v1/sessions', page(cookie))).json['sessions'] as readonly { id: string; current: boolean }[];
  const all = await list(second.cookie);
  expect(all.filter(({ current }) => current)).toHaveLength(1);
  expect(all).toHaveLength(2);
  const [other] = all.filter(({ current }) => !current);
  expect((await send(`DELETE /v1/sessions/${other?.id}`, page(stranger.cookie))).status).toBe(404);
  expect((await send(`DELETE /v1/sessions/${other?.id}`, page(second.cookie))).status).toBe(204);
  expect(await list(second.cookie)).toHaveLength(1);
  const token = first.cookie.split('=')[1] ?? '';
  expect(await server.storage.sessions.find(token, Date.now())).toBeUndefined();
});

test('a new password takes the former one, and ends all other sessions', async () => {
  const first = await member('hal@acme.example', 'viewer');
  const second = await signIn('hal@acme.example');
  const change = (current: string) =>
    send('PUT /v1/account/password', page(second.cookie), { current, password: 'another good one' });
  expect(await change('not it')).toMatchObject({ status: 403, json: { code: 'account/password', field: 'current' } });
  expect((await change(password)).status).toBe(204);
  const find = ({ cookie }: Pick<Sent, 'cookie'>) =>
    server.storage.sessions.find(cookie.split('=')[1] ?? '', Date.now());
  expect(await find(first)).toBeUndefined();
  expect(await find(second)).toBeDefined();
  expect((await signIn('hal@acme.example')).status).toBe(401);
});

test('a key has no account', async () => {
  const key = { authorization: `Bearer ${await server.key('acme', 'admin')}` };
  for (const request of ['GET /v1/account', 'GET /v1/sessions']) {
    expect(await send(request, key)).toMatchObject({ status: 403, json: { code: 'auth/no-user' } });
  }
});

test('a change with the cookie from another site’s page is refused', async () => {
  const joined = await member('ida@acme.example', 'admin');
  for (const headers of [{}, { origin: 'https://evil.example' }, { origin: 'null' }]) {
    const refused = await send('POST /v1/account/totp', { cookie: joined.cookie, ...headers }, { password });
    expect(refused).toMatchObject({ status: 403, json: { code: 'auth/origin' } });
  }
});
