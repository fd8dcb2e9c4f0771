import { afterAll, beforeEach, expect, test } from 'vitest';
import { parseOidcProviders } from '../tenancy/oidc/provider.ts';
import { startTestIssuer, type IdToken, type TestIssuer } from './testing-issuer.ts';
import { createPeople } from './testing-people.ts';
import { startTestServer } from './testing.ts';

const issuer = await startTestIssuer('tarsier');
const other = await startTestIssuer('tarsier');
const providersText = (text: string): string => text.replaceAll('ISSUER', issuer.url).replaceAll('OTHER', other.url);
const providers = parseOidcProviders(
  providersText(`
providers:
  - { id: work, name: Work, issuer: ISSUER, clientId: tarsier, clientSecret: 's:e cret' }
  - { id: acme, name: Acme, issuer: ISSUER, clientId: tarsier, tenant: acme, allowedDomains: [acme.example], roleClaim: groups, roles: { ops: admin, dev: editor } }
  - { id: claimed, name: Claimed, issuer: OTHER, clientId: tarsier, tenantClaim: org, allowedDomains: [acme.example], trustEmail: true }
`),
  'oidc.yaml',
);
const server = await startTestServer((storage) => storage, providers);
const { send, page } = createPeople(server, await server.key('acme', 'admin'));
const acme = await server.storage.tenants.ensure('acme');
const globex = await server.storage.tenants.ensure('globex');
afterAll(async () => {
  issuer.close();
  other.close();
  await server.close();
});
beforeEach(async () => {
  for (const one of [issuer, other]) one.next = (claims) => ({ claims, sign: 'good' });
  await server.sql`delete from account`;
  await server.sql`delete from membership`;
  await server.sql`delete from invitation`;
});

interface Step {
  readonly status: number;
  readonly location: string;
  readonly cookie: string;
  readonly session: string | undefined;
}

async function go(url: string, cookie = ''): Promise<Step> {
  const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
  const cookies = response.headers.getSetCookie();
  const find = (name: string) => cookies.find((one) => one.startsWith(`${name}=`))?.split(';')[0];
  await response.arrayBuffer();
  return {
    status: response.status,
    location: response.headers.get('location') ?? '',
    cookie: find('tarsier_oidc') ?? '',
    session: find('tarsier_session'),
  };
}

/** A browser that follows all redirects. @param change  what somebody in between does to the way back */
async function signIn(id: string, change: (back: URL) => void = () => {}): Promise<Step> {
  const begun = await go(`${server.url}/sign-in/oidc/${id}`);
  const authorized = await go(begun.location);
  const back = new URL(authorized.location);
  change(back);
  return go(back.href, begun.cookie);
}
const problem = (code: string) => ({ session: undefined, location: `/#/?problem=${encodeURIComponent(code)}` });
const whoIs = async ({ session }: Step) => (await send('GET /v1/session', page(session ?? ''))).json;
const invite = (email: string, tenant = acme) =>
  server.storage.users.invite(tenant, { email, role: 'editor', expiresAt: Date.now() + 60_000 });

test('who is invited, and known to the issuer by a verified address, is let in, and is the same one ever after', async () => {
  await invite('ann@acme.example');
  const first = await signIn('work');
  expect(first).toMatchObject({ status: 303, location: '/' });
  expect(await whoIs(first)).toMatchObject({ tenant: 'acme', scope: 'write', user: { email: 'ann@acme.example' } });
  expect(await server.storage.users.invitations(acme)).toEqual([]);
  // By who she is there, whatever her address is now.
  issuer.next = (claims) => ({ claims: { ...claims, email: 'new@elsewhere.example' }, sign: 'good' });
  expect(await whoIs(await signIn('work'))).toMatchObject({ user: { email: 'ann@acme.example' } });
  const [asked] = issuer.asked.slice(-1);
  expect(asked?.authorization).toBe(`Basic ${Buffer.from('tarsier:s%3Ae+cret').toString('base64')}`);
  expect(await server.sql`select factor from session where account_id is not null limit 1`).toEqual([
    { factor: 'oidc' },
  ]);
});

test('the issuer is asked with state, nonce and PKCE, and its answer is taken with all three', async () => {
  const begun = await go(`${server.url}/sign-in/oidc/work`);
  const query = Object.fromEntries(new URL(begun.location).searchParams);
  expect(query).toMatchObject({
    response_type: 'code',
    client_id: 'tarsier',
    scope: 'openid email profile',
    code_challenge_method: 'S256',
    redirect_uri: `${server.url}/sign-in/oidc/work/callback`,
  });
  for (const name of ['state', 'nonce', 'code_challenge']) expect(query[name]).toMatch(/^[\w-]{43}$/u);
  // What the browser keeps tells it nothing.
  expect(Buffer.from(begun.cookie, 'base64url').toString('latin1')).not.toContain(query['nonce']);
});

const s =
  (change: object, sign: IdToken['sign'] = 'good'): TestIssuer['next'] =>
  (claims) => ({
    claims: { ...claims, ...change },
    sign,
  });
const seconds = Math.floor(Date.now() / 1_000);
test.each<[string, TestIssuer['next'], string]>([
  ['the nonce of another sign-in', s({ nonce: 'x'.repeat(43) }), 'auth/oidc-token'],
  ['no nonce', s({ nonce: undefined }), 'auth/oidc-token'],
  ['another client’s audience', s({ aud: 'another' }), 'auth/oidc-token'],
  ['a list of audiences without azp', s({ aud: ['tarsier', 'another'] }), 'auth/oidc-token'],
  ['azp of another client', s({ azp: 'another' }), 'auth/oidc-token'],
  ['another issuer', s({ iss: 'https://evil.example' }), 'auth/oidc-token'],
  ['an end that is over', s({ iat: seconds - 500, exp: seconds - 100 }), 'auth/oidc-token'],
  ['a beginning in the future', s({ iat: seconds + 600, exp: seconds + 900 }), 'auth/oidc-token'],
  ['no end', s({ exp: undefined }), 'auth/oidc-token'],
  ['alg none', s({}, 'none'), 'auth/oidc-token'],
  ['the public key as a shared secret (HS/RS swap)', s({}, 'public key as secret'), 'auth/oidc-token'],
  ['a stranger’s signature under the issuer’s kid', s({}, 'stranger'), 'auth/oidc-token'],
  ['nobody', s({ sub: '' }), 'auth/oidc-token'],
  ['an address that was not verified', s({ email_verified: false }), 'auth/oidc-email'],
  ['no address', s({ email: undefined }), 'auth/oidc-email'],
  ['somebody whom nobody invited', s({ email: 'mallory@evil.example' }), 'auth/oidc-uninvited'],
])('an id_token with %s lets nobody in', async (_, next, code) => {
  await invite('ann@acme.example');
  issuer.next = next;
  expect(await signIn('work')).toMatchObject(problem(code));
  expect(await server.sql`select * from account`).toEqual([]);
});

test('a way back with another state, another browser, another issuer, or twice, leads nowhere', async () => {
  await invite('ann@acme.example');
  expect(await signIn('work', (back) => back.searchParams.set('state', 'y'))).toMatchObject(problem('auth/oidc-state'));
  expect(await signIn('work', (back) => back.searchParams.set('iss', other.url))).toMatchObject(
    problem('auth/oidc-state'),
  );
  // The cookie of a sign-in at one issuer, on the way back of another: issuers are not mixed up.
  expect(
    await signIn('work', (back) => {
      back.pathname = '/sign-in/oidc/acme/callback';
    }),
  ).toMatchObject(problem('auth/oidc-state'));
  const begun = await go(`${server.url}/sign-in/oidc/work`);
  const back = (await go(begun.location)).location;
  // Somebody else's browser, which was sent the address: it would be signed in as the sender.
  expect(await go(back, (await go(`${server.url}/sign-in/oidc/work`)).cookie)).toMatchObject(
    problem('auth/oidc-state'),
  );
  expect(await go(back)).toMatchObject(problem('auth/oidc-state'));
  const altered = `${begun.cookie.slice(0, -8)}AAAAAAAA`;
  expect(await go(back, altered)).toMatchObject(problem('auth/oidc-state'));
  expect((await go(back, begun.cookie)).location).toBe('/');
  // A code counts once at the issuer.
  expect(await go(back, begun.cookie)).toMatchObject(problem('auth/oidc-issuer'));
  expect(
    await signIn('work', (denied) => {
      denied.searchParams.delete('code');
      denied.searchParams.set('error', 'access_denied');
    }),
  ).toMatchObject(problem('auth/oidc-refused'));
});

test('an issuer that signs with a new key is believed without a restart', async () => {
  await invite('ann@acme.example');
  await signIn('work');
  await issuer.rotate();
  await expect.poll(async () => (await signIn('work')).location).toBe('/');
});

test('of an allowed domain nobody needs an invitation; roles follow the issuer’s groups, and the only owner stays', async () => {
  issuer.next = (claims) => ({ claims: { ...claims, groups: ['dev', 'all'] }, sign: 'good' });
  expect(await whoIs(await signIn('acme'))).toMatchObject({ tenant: 'acme', user: { role: 'editor' } });
  issuer.next = (claims) => ({ claims: { ...claims, groups: ['ops', 'dev'] }, sign: 'good' });
  expect(await whoIs(await signIn('acme'))).toMatchObject({ user: { role: 'admin' } });
  await server.sql`update membership set role = 'owner'`;
  expect(await whoIs(await signIn('acme'))).toMatchObject({ user: { role: 'owner' } });
  issuer.next = (claims) => ({ claims: { ...claims, sub: 'x', email: 'eve@acme.example.evil' }, sign: 'good' });
  expect(await signIn('acme')).toMatchObject(problem('auth/oidc-uninvited'));
});

test('a tenant’s issuer opens no other tenant, and nobody’s account there', async () => {
  await invite('ann@acme.example', globex);
  const person = { email: 'boss@globex.example', name: 'Boss', role: 'owner' as const };
  await server.storage.admissions.admit(globex, person);
  issuer.next = (claims) => ({ claims: { ...claims, sub: 'b', email: 'boss@globex.example' }, sign: 'good' });
  expect(await signIn('acme')).toMatchObject(problem('auth/oidc-uninvited'));
  issuer.next = (claims) => ({ claims, sign: 'good' });
  expect(await whoIs(await signIn('acme'))).toMatchObject({ tenant: 'acme', user: { role: 'viewer' } });
});

test('a claim says which tenant; one that is not here, or is suspended, lets nobody in', async () => {
  const from = (org: unknown) => (claims: Record<string, unknown>) => ({
    claims: { ...claims, email_verified: undefined, org },
    sign: 'good' as const,
  });
  other.next = from('globex');
  expect(await whoIs(await signIn('claimed'))).toMatchObject({ tenant: 'globex' });
  for (const org of ['nowhere', undefined, ['globex']]) {
    other.next = from(org);
    expect(await signIn('claimed')).toMatchObject(problem('auth/oidc-uninvited'));
  }
  await server.sql`update tenant set suspended_at = 1 where name = 'globex'`;
  other.next = from('globex');
  expect(await signIn('claimed')).toMatchObject(problem('auth/oidc-uninvited'));
  await server.sql`update tenant set suspended_at = null`;
});

test('the address of one who signs in as somebody else at the issuer is not taken over', async () => {
  await invite('ann@acme.example');
  await signIn('work');
  issuer.next = (claims) => ({ claims: { ...claims, sub: 'who got her address later' }, sign: 'good' });
  expect(await signIn('work')).toMatchObject(problem('auth/oidc-email'));
});

test('what can be chosen is told before signing in; what is not there is not found', async () => {
  const ways = await send('GET /v1/sign-in', {});
  expect(ways.json).toMatchObject({ providers: [{ id: 'work', name: 'Work', href: '/sign-in/oidc/work' }, {}, {}] });
  expect((await send('GET /sign-in/oidc/nothing', {})).status).toBe(404);
});

test.each([
  ['providers: 3', 'providers: '],
  ['providers: [{ id: a, name: A, issuer: "http://idp.example", clientId: c }]', 'providers.0.issuer: expected https'],
  ['providers: [{ id: a, name: A, issuer: "https://i.example", clientId: c, tennant: x }]', 'providers.0: '],
  ['providers: [{ id: a, name: A, issuer: "https://i.example", clientId: c, defaultRole: owner }]', 'defaultRole'],
  ['providers: [{ id: a, name: A, issuer: "https://i.example", clientId: c, allowedDomains: [b.example] }]', 'tenant'],
  ['providers: [', 'oidc.yaml: expected YAML'],
])('of the settings %s is refused with file and field', (text, message) => {
  expect(() => parseOidcProviders(text, 'oidc.yaml')).toThrow(message);
});
