import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { Role } from '@tarsier/protocol/api';
import { hashOf, type KeyScope } from '../storage/keys.ts';
import type { Storage } from '../storage/storage.ts';
import { homeTenant, type LabelTest, type TenantScope } from '../tenant.ts';
import { userScope } from './permissions.ts';
import { isToken, type Tokens } from './tokens.ts';

export const sessionCookie = 'tarsier_session';

/** Who asks: a program with a key, or a person's page with a session. */
export interface Identity {
  readonly tenant: TenantScope;
  /**
   * `view`: only the series of the tenant's scope, only where operations say so. `none`: nothing but setting up the
   * second factor that the tenant wants.
   */
  readonly scope: KeyScope | 'view' | 'none';
  readonly by: 'key' | 'session' | 'token';
  /** Whom it stands for, for logs. */
  readonly name: string;
  /** Of a key. */
  readonly keyId?: string;
  /** Of a session. */
  readonly sessionId?: string;
  /** Of one who is a user. */
  readonly user?: { readonly id: string; readonly email: string; readonly role: Role };
  /** The only host that it may ship for; absent for any. */
  readonly host?: string;
}

export interface Credentials {
  /** The `authorization` header. */
  readonly authorization?: string | undefined;
  /** The session's token from the cookie. */
  readonly session?: string | undefined;
  /** The `origin` header: a view token counts from its own sites alone. */
  readonly origin?: string | undefined;
}

/**
 * Finds out who asks.
 *
 * @throws {TarsierError} `auth/missing` without credentials, `auth/unknown` or `auth/token` with bad ones,
 *   `auth/view-origin` for a view token from elsewhere
 */
export type Authenticate = (credentials: Credentials) => Promise<Identity>;

/** A key looked up this long ago is not looked up again: an agent comes every few seconds. */
const cacheMs = 10_000;
const maxCached = 10_000;

interface Found {
  readonly identity: Identity;
  /** Until when it holds, at most. */
  readonly until?: UnixMs | undefined;
  /** Sites that may use it; absent: it does not matter. */
  readonly origins?: readonly string[];
}

export function createAuthenticator({
  storage,
  tokens,
  compileSelector,
  now = Date.now,
}: {
  readonly storage: Pick<Storage, 'keys' | 'sessions' | 'tenants'>;
  readonly tokens: Pick<Tokens, 'verify'>;
  /** Tests that a series of a PromQL selector passes. @throws for one that can not be read */
  readonly compileSelector: (selector: string) => readonly LabelTest[];
  readonly now?: () => UnixMs;
}): Authenticate {
  const cache = new Map<string, { readonly found: Found; readonly until: UnixMs }>();

  const pending = new Map<string, Promise<Found | undefined>>();

  async function find(secret: string, by: Identity['by']): Promise<Found | undefined> {
    if (by === 'key') {
      const key = await storage.keys.find(secret);
      if (key === undefined) return undefined;
      const { id: keyId, expiresAt: until, ...found } = key;
      // Only the first tenant has operators, whatever is written elsewhere.
      if (found.scope === 'operator' && found.tenant.tenant !== homeTenant) return undefined;
      return { identity: { ...found, keyId, by }, until };
    }
    if (by === 'session') {
      const session = await storage.sessions.find(secret, now());
      if (session === undefined) return undefined;
      const { tenant, user, expiresAt: until, id: sessionId, lacksFactor } = session;
      const scope = lacksFactor ? 'none' : userScope(user.role, tenant.tenant);
      return { identity: { tenant, scope, by, name: user.email, user, sessionId }, until };
    }
    const claims = await tokens.verify(secret);
    const { tenant, name, expiresAt: until } = claims;
    // It says for itself what it may; but not whether its tenant is still there.
    if (!(await storage.tenants.isActive(tenant))) return undefined;
    if (claims.kind === 'access') return { identity: { tenant, scope: claims.scope, by, name }, until };
    const view = claims.selectors.map(compileSelector);
    return { identity: { tenant: { ...tenant, view }, scope: 'view', by, name }, until, origins: claims.origins };
  }

  return async ({ authorization, session, origin }) => {
    const bearer = keyOf(authorization ?? '');
    const secret = bearer ?? session;
    if (secret === undefined) {
      throw new TarsierError(
        'auth/missing',
        authorization === undefined
          ? 'expected a key (authorization: Bearer tsr_…) or a signed-in session'
          : 'authorization: expected Bearer and a key, or Basic with the key as the password',
      );
    }
    const by = bearer === undefined ? 'session' : isToken(bearer) ? 'token' : 'key';
    // By its hash: what is kept in memory opens nothing.
    const name = `${by}/${Buffer.from(hashOf(secret)).toString('base64')}`;
    const cached = cache.get(name);
    if (cached !== undefined && cached.until > now()) return fromSite(cached.found, origin);
    // A thousand pages that come back at once after a restart ask the database once.
    let finding = pending.get(name);
    if (finding === undefined) {
      finding = find(secret, by).finally(() => pending.delete(name));
      pending.set(name, finding);
    }
    const found = await finding.catch((cause: unknown) => {
      if (cause instanceof TarsierError && !cause.retryable) throw cause;
      throw new TarsierError('auth/database', 'the database does not answer', { cause, retryable: true });
    });
    // Unknown secrets are not kept: an attacker would fill the cache.
    if (found === undefined) throw new TarsierError('auth/unknown', `this ${by} is not known, or no longer valid`);
    if (cache.size >= maxCached) cache.clear();
    cache.set(name, { found, until: Math.min(now() + cacheMs, found.until ?? Infinity) });
    return fromSite(found, origin);
  };
}

function fromSite({ identity, origins }: Found, origin: string | undefined): Identity {
  if (origins === undefined || (origin !== undefined && origins.includes(origin))) return identity;
  throw new TarsierError(
    'auth/view-origin',
    `origin: this token is for pages of ${origins.join(', ')}, got ${origin ?? 'no origin'}`,
    { field: 'origin' },
  );
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
