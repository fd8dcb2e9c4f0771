import { createHmac, createPublicKey } from 'node:crypto';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, importJWK, jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import type { TokenKey } from '../storage/token-keys.ts';
import { createTokens } from './tokens.ts';

const tenant = { tenantId: 7, tenant: 'acme' };
const claims = { kind: 'access', tenant, name: 'ci', scope: 'write' } as const;
const minute = 60_000;

/** Collectors that have the same keys, and one clock. */
function start() {
  const kept: TokenKey[] = [];
  const clock = { now: Date.UTC(2026, 10, 30) };
  const tokenKeys = {
    list: async () => kept.toSorted((a, b) => b.createdAt - a.createdAt),
    add: async (key: TokenKey) => void kept.push(key),
    async expire(before: number) {
      for (const key of kept.filter(({ createdAt }) => createdAt < before)) kept.splice(kept.indexOf(key), 1);
    },
  };
  return { kept, clock, collector: () => createTokens({ storage: { tokenKeys }, now: () => clock.now }) };
}
const { kept, clock, collector } = start();
const tokens = collector();
const { token } = await tokens.issue(claims, 10 * minute);
const [, , signature = ''] = token.split('.');
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = decodeProtectedHeader(token);
const payload = decodeJwt(token);
const signed = async (change: object, changedHeader: object = {}) => {
  const key = await importJWK({ ...kept[0]?.jwk }, 'EdDSA');
  return new SignJWT({ ...payload, ...change })
    .setProtectedHeader({ ...header, alg: 'EdDSA', ...changedHeader })
    .sign(key, { crit: { x: true } });
};
const seconds = Math.floor(clock.now / 1_000);
const [published] = (await tokens.keySet()).keys;

/** As an attacker would who takes the published key for a shared secret. */
function withHmac(secret: string | Buffer): string {
  const text = `${encode({ ...header, alg: 'HS256' })}.${encode({ ...payload, scope: 'admin' })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
const pem = createPublicKey({ key: { ...published }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });

test('a token says whose it is and what it may, on every collector, and lives an hour at most', async () => {
  expect(await collector().verify(token)).toEqual({ ...claims, expiresAt: clock.now + 10 * minute });
  const long = await tokens.issue(claims, 24 * 60 * minute);
  expect(long.expiresAt).toBe(clock.now + 60 * minute);
});

test.each<[string, () => string | Promise<string>]>([
  ['alg none and no signature', () => `${encode({ ...header, alg: 'none' })}.${encode(payload)}.`],
  ['alg none and the signature', () => `${encode({ ...header, alg: 'none' })}.${encode(payload)}.${signature}`],
  ['alg None in another spelling', () => `${encode({ ...header, alg: 'nOnE' })}.${encode(payload)}.`],
  ['the public key as the secret of HS256, as PEM', () => withHmac(String(pem))],
  ['the public key as the secret of HS256, as JWK', () => withHmac(JSON.stringify(published))],
  ['the public key as the secret of HS256, its bytes', () => withHmac(Buffer.from(published?.x ?? '', 'base64url'))],
  ['an RSA algorithm', () => `${encode({ ...header, alg: 'RS256' })}.${encode(payload)}.${signature}`],
  ['a changed payload', () => `${encode(header)}.${encode({ ...payload, tid: 8 })}.${signature}`],
  [
    'another key of the sender’s own',
    () => `${encode({ ...header, jwk: published })}.${encode(payload)}.${signature}x`,
  ],
  ['a key that is not known', () => signed({}, { kid: 'unknown' })],
  ['a key by an address', () => signed({}, { kid: '../../etc/passwd', jku: 'https://evil.example/jwks.json' })],
  ['no key named', () => signed({}, { kid: undefined })],
  ['another audience', () => signed({ aud: 'grafana' })],
  ['no audience', () => signed({ aud: undefined })],
  ['another issuer', () => signed({ iss: 'https://evil.example' })],
  ['a time that is over', () => signed({ exp: seconds - 6 })],
  ['no end', () => signed({ exp: undefined })],
  ['a beginning in the future', () => signed({ nbf: seconds + 60 })],
  ['an issue in the future', () => signed({ iat: seconds + 60 })],
  ['an issue long ago', () => signed({ iat: seconds - 3_700, exp: seconds + 60 })],
  ['a scope that there is not', () => signed({ scope: 'root' })],
  ['no tenant', () => signed({ tid: undefined })],
  ['a tenant that is no number', () => signed({ tid: '7' })],
  ['a type of another kind', () => signed({}, { typ: 'JWT' })],
  ['the type of a view token', () => signed({}, { typ: 'view+jwt' })],
  ['critical extensions that nobody knows', () => signed({}, { crit: ['x'], x: 1 })],
  ['garbage', () => 'a.b.c'],
  ['nothing', () => '..'],
])('a token with %s is refused', async (_, make) => {
  await expect(tokens.verify(await make())).rejects.toMatchObject({ code: 'auth/token', retryable: false });
});

test('a view token is no access token, and the other way around', async () => {
  const view = { kind: 'view', tenant, name: 'ci', selectors: ['up'], origins: ['https://a.example'] } as const;
  const { token: shown } = await tokens.issue(view, minute);
  expect(await tokens.verify(shown)).toEqual({ ...view, expiresAt: clock.now + minute });
  const asAccess = await signed({ ...decodeJwt(shown), scope: undefined }, { typ: 'at+jwt' });
  await expect(tokens.verify(asAccess)).rejects.toMatchObject({ code: 'auth/token' });
});

test('who has the published keys checks tokens without asking; private parts are not among them', async () => {
  const keys = await tokens.keySet();
  const verified = await jwtVerify(token, createLocalJWKSet(keys), { currentDate: new Date(clock.now) });
  expect(verified.payload).toMatchObject({ sub: 'ci', tid: 7 });
  expect(JSON.stringify(keys)).not.toContain(kept[0]?.jwk['d']);
  expect(keys.keys.every((key) => !('d' in key))).toBe(true);
});

test('keys change by themselves each month and by hand; tokens of the former one go on until they end', async () => {
  const { clock: time, collector: another, kept: held } = start();
  const [one, two] = [another(), another()];
  const { token: first } = await one.issue(claims, 60 * minute);
  time.now += 1;
  await two.rotate();
  // The other collector has not heard of it yet: by the key's name it asks.
  const { token: second } = await two.issue(claims, 60 * minute);
  time.now += 3_000;
  expect(decodeProtectedHeader(second).kid).not.toBe(decodeProtectedHeader(first).kid);
  for (const each of [one, two]) {
    for (const made of [first, second]) expect(await each.verify(made)).toMatchObject({ name: 'ci' });
  }
  expect((await one.keySet()).keys).toHaveLength(2);
  time.now += 31 * 86_400_000;
  const { token: third } = await one.issue(claims, minute);
  expect(held).toHaveLength(1);
  expect(decodeProtectedHeader(third).kid).toBe(held[0]?.kid);
  await expect(one.verify(second)).rejects.toMatchObject({ code: 'auth/token' });
});
