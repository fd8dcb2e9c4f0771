import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { KeyScope } from '../storage/keys.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';

export const sessionCookie = 'tarsier_session';

/** Who asks: a program with a key, or a person's page with a session. */
export interface Identity {
  readonly tenant: TenantScope;
  readonly scope: KeyScope;
  readonly by: 'key' | 'session';
  /** The only host that it may ship for; absent for any. */
  readonly host?: string;
}

export interface Credentials {
  /** The `authorization` header. */
  readonly authorization?: string | undefined;
  /** The session's token from the cookie. */
  readonly session?: string | undefined;
}

/**
 * Finds out who asks.
 *
 * @throws {TarsierError} `auth/missing` without credentials, `auth/unknown` with bad ones
 */
export type Authenticate = (credentials: Credentials) => Promise<Identity>;

const includes: Readonly<Record<KeyScope, readonly KeyScope[]>> = {
  ingest: ['ingest'],
  read: ['read'],
  write: ['read', 'write'],
  admin: ['ingest', 'read', 'write', 'admin'],
};

/** @throws {TarsierError} `auth/scope` unless the identity may do what `needed` stands for */
export function requireScope({ scope }: Identity, needed: KeyScope): void {
  if (includes[scope].includes(needed)) return;
  throw new TarsierError('auth/scope', `this needs a key of scope ${needed}; this one's is ${scope}`);
}

/** A key looked up this long ago is not looked up again: an agent comes every few seconds. */
const cacheMs = 10_000;
const maxCached = 10_000;

export function createAuthenticator({
  storage,
  now = Date.now,
}: {
  readonly storage: Pick<Storage, 'keys' | 'sessions'>;
  readonly now?: () => UnixMs;
}): Authenticate {
  const cache = new Map<string, { readonly identity: Identity; readonly until: UnixMs }>();

  async function find(secret: string, by: Identity['by']): Promise<Identity | undefined> {
    if (by === 'key') {
      const key = await storage.keys.find(secret);
      return key === undefined ? undefined : { ...key, by };
    }
    const tenant = await storage.sessions.find(secret, now());
    return tenant === undefined ? undefined : { tenant, scope: 'write', by };
  }

  return async ({ authorization, session }) => {
    const key = keyOf(authorization ?? '');
    const [secret, by] = key === undefined ? [session, 'session' as const] : [key, 'key' as const];
    if (secret === undefined) {
      throw new TarsierError(
        'auth/missing',
        authorization === undefined
          ? 'expected a key (authorization: Bearer tsr_…) or a signed-in session'
          : 'authorization: expected Bearer and a key, or Basic with the key as the password',
      );
    }
    const cached = cache.get(`${by}/${secret}`);
    if (cached !== undefined && cached.until > now()) return cached.identity;
    const identity = await find(secret, by).catch((cause: unknown) => {
      throw new TarsierError('auth/database', 'the database does not answer', { cause, retryable: true });
    });
    // Unknown secrets are not kept: an attacker would fill the cache.
    if (identity === undefined) throw new TarsierError('auth/unknown', `this ${by} is not known, or no longer valid`);
    if (cache.size >= maxCached) cache.clear();
    cache.set(`${by}/${secret}`, { identity, until: now() + cacheMs });
    return identity;
  };
}

/** Of `Bearer KEY`, or of `Basic` with the key as the password of any user: promtool and Grafana can do that. */
function keyOf(authorization: string): string | undefined {
  const [, scheme, given = ''] = /^(Bearer|Basic) +(\S+)$/iu.exec(authorization) ?? [];
  if (scheme?.toLowerCase() !== 'basic') return scheme === undefined ? undefined : given;
  const decoded = Buffer.from(given, 'base64').toString();
  const password = decoded.slice(decoded.indexOf(':') + 1);
  return decoded.includes(':') && /^\S+$/u.test(password) ? password : undefined;
}

/** Whether a request comes from a page of this very server. */
export function sameOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined) return false;
  return URL.canParse(origin) && new URL(origin).host === host;
}
