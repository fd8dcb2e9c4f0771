/**
 * Signed tokens (JWT, EdDSA): access tokens, which stand for a key or a session for a while, and view tokens, which show
 * some series to a page of another site for minutes. Nobody has to ask the database what one may; so none can be taken
 * back, and none lives long.
 */
import { randomUUID } from 'node:crypto';
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { tokenLimits } from '@tarsier/protocol/api';
import {
  decodeProtectedHeader,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
  type CryptoKey,
  type JSONWebKeySet,
  type JWTVerifyOptions,
} from 'jose';
import { z } from 'zod';
import { keyScopes, type KeyScope } from '../storage/keys.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';

/** What a token says. */
export type TokenClaims = {
  readonly tenant: Pick<TenantScope, 'tenantId' | 'tenant'>;
  /** Whom it stands for, for logs. */
  readonly name: string;
} & (
  | { readonly kind: 'access'; readonly scope: KeyScope }
  | {
      readonly kind: 'view';
      /** PromQL selectors of the series that may be seen. */
      readonly selectors: readonly string[];
      /** Sites whose pages may use it. */
      readonly origins: readonly string[];
    }
);

export interface Tokens {
  /** @param ttlMs  at most an hour */
  issue(claims: TokenClaims, ttlMs: number): Promise<{ readonly token: string; readonly expiresAt: UnixMs }>;
  /** @throws {TarsierError} `auth/token` for one that is forged, expired, not yet valid, or meant for others */
  verify(token: string): Promise<TokenClaims & { readonly expiresAt: UnixMs }>;
  /** The public keys, for those who want to check tokens themselves. */
  keySet(): Promise<JSONWebKeySet>;
  /** Signs with a new key from now on; tokens of the former ones go on until they end. */
  rotate(): Promise<void>;
}

const algorithm = 'EdDSA';
const issuer = 'tarsier';
/** Of the header: a token of one kind is never taken for one of another. */
const types = { access: 'at+jwt', view: 'view+jwt' } as const;
const clockToleranceS = 5;
/** A key signs this long, and is kept as long as a token of it may live. */
const rotateMs = 30 * 86_400_000;
/** Other collectors make keys, too: how long it may take until one is known here. */
const reloadMs = 60_000;
/** Tokens of keys that are not known do not make the database be asked at each. */
const unknownMs = 2_000;

const common = {
  tid: z.int(),
  tenant: z.string(),
  sub: z.string(),
  exp: z.number(),
};
const payloads = {
  access: z.object({ ...common, scope: z.enum(keyScopes as [KeyScope, ...KeyScope[]]) }),
  view: z.object({ ...common, selectors: z.array(z.string()).min(1), origins: z.array(z.string()).min(1) }),
};

interface Loaded {
  /** Newest first. */
  readonly keys: readonly {
    readonly kid: string;
    readonly createdAt: UnixMs;
    readonly sign: CryptoKey;
    readonly verify: CryptoKey;
    readonly published: JSONWebKeySet['keys'][number];
  }[];
  readonly at: UnixMs;
}

export function createTokens({
  storage: { tokenKeys },
  now = Date.now,
}: {
  readonly storage: Pick<Storage, 'tokenKeys'>;
  readonly now?: () => UnixMs;
}): Tokens {
  let loading: Promise<Loaded> | undefined;
  let loadedAt = -Infinity;

  function load(olderThanMs: number): Promise<Loaded> {
    if (loading === undefined || now() - loadedAt >= olderThanMs) {
      loadedAt = now();
      loading = read();
      loading.catch(() => (loading = undefined));
    }
    return loading;
  }

  async function read(): Promise<Loaded> {
    const rows = await tokenKeys.list();
    const keys = await Promise.all(
      rows.map(async ({ kid, jwk, createdAt }) => {
        const { d: _, ...open } = jwk;
        const published = { ...open, kid, alg: algorithm, use: 'sig' } as JSONWebKeySet['keys'][number];
        return { kid, createdAt, sign: await asymmetric(jwk), verify: await asymmetric(open), published };
      }),
    );
    return { keys, at: now() };
  }

  async function rotate(): Promise<void> {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const jwk = (await exportJWK(privateKey)) as Record<string, string>;
    await tokenKeys.add({ kid: randomUUID(), jwk, createdAt: now() });
    await tokenKeys.expire(now() - rotateMs - 2 * tokenLimits.maxTtlMs);
    loading = undefined;
  }

  async function signing(): Promise<Loaded['keys'][number]> {
    const [newest] = (await load(reloadMs)).keys;
    if (newest !== undefined && now() - newest.createdAt < rotateMs) return newest;
    await rotate();
    const [made] = (await load(reloadMs)).keys;
    if (made === undefined) throw new Error('a key to sign with vanished while it was made');
    return made;
  }

  async function keyOf(kid: string): Promise<CryptoKey> {
    const find = (loaded: Loaded) => loaded.keys.find((key) => key.kid === kid)?.verify;
    const found = find(await load(reloadMs)) ?? find(await load(unknownMs));
    if (found === undefined) throw refused('it is signed by a key that is not known here');
    return found;
  }

  return {
    rotate,
    async issue({ tenant, name, kind, ...claims }, ttlMs) {
      const key = await signing();
      const expiresAt = now() + Math.min(ttlMs, tokenLimits.maxTtlMs);
      const token = await new SignJWT({ ...claims, tid: tenant.tenantId, tenant: tenant.tenant })
        .setProtectedHeader({ alg: algorithm, kid: key.kid, typ: types[kind] })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(name)
        .setJti(randomUUID())
        .setIssuedAt(new Date(now()))
        .setNotBefore(new Date(now()))
        .setExpirationTime(new Date(expiresAt))
        .sign(key.sign);
      return { token, expiresAt };
    },
    async verify(token) {
      const kind = kindOf(token);
      const options: JWTVerifyOptions = {
        // Not what the token says: one that names another algorithm is refused before its key is looked at.
        algorithms: [algorithm],
        issuer,
        audience: issuer,
        typ: types[kind],
        clockTolerance: clockToleranceS,
        maxTokenAge: tokenLimits.maxTtlMs / 1_000,
        requiredClaims: ['exp', 'iat', 'nbf', 'sub', 'tid'],
        currentDate: new Date(now()),
      };
      const { payload } = await jwtVerify(token, ({ kid = '' }) => keyOf(kid), options).catch((error: unknown) => {
        if (error instanceof errors.JOSEError) throw refused(reasonOf(error), error);
        throw error;
      });
      if (kind === 'access') {
        const { tid, tenant, sub, exp, scope } = shape(payloads.access, payload);
        return { kind, tenant: { tenantId: tid, tenant }, name: sub, scope, expiresAt: exp * 1_000 };
      }
      const { tid, tenant, sub, exp, selectors, origins } = shape(payloads.view, payload);
      return { kind, tenant: { tenantId: tid, tenant }, name: sub, selectors, origins, expiresAt: exp * 1_000 };
    },
    async keySet() {
      await signing();
      const { keys } = await load(reloadMs);
      return { keys: keys.map(({ published }) => published) };
    },
  };
}

/** Whether a bearer looks like a token rather than a key. */
export function isToken(secret: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/u.test(secret);
}

async function asymmetric(jwk: Readonly<Record<string, string>>): Promise<CryptoKey> {
  const key = await importJWK({ ...jwk }, algorithm);
  if (key instanceof Uint8Array) throw new TypeError('a key that tokens are signed with is none of a pair');
  return key;
}

function kindOf(token: string): 'access' | 'view' {
  try {
    return decodeProtectedHeader(token).typ === types.view ? 'view' : 'access';
  } catch (error) {
    throw refused('it can not be read', error);
  }
}

function shape<T extends z.ZodType>(schema: T, payload: unknown): z.infer<T> {
  const parsed = schema.safeParse(payload);
  if (!parsed.success) throw refused('it does not say what it has to', parsed.error);
  return parsed.data;
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JOSEAlgNotAllowed) return `it is not signed with ${algorithm}`;
  if (error instanceof errors.JWTClaimValidationFailed) return `its ${error.claim} is not as expected`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is not of the key that it names';
  return 'it can not be read';
}

function refused(why: string, cause?: unknown): TarsierError {
  return new TarsierError('auth/token', `this token is not valid: ${why}`, { cause });
}
