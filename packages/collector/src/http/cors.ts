/**
 * Pages of other sites: none may ask, unless a tenant lets them. A browser asks beforehand without saying whose data is
 * meant, so there every tenant's sites count; the answer itself is shown only to a site of the tenant that it is of.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { describeError } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { Storage } from '../storage/storage.ts';
import { sameOrigin } from '../tenancy/authenticate.ts';
import type { AppEnv } from './app-env.ts';

const cacheMs = 10_000;
const methods = 'GET, POST, PUT, DELETE';
const requestHeaders = 'authorization, content-type, if-match, if-none-match, idempotency-key, x-request-id';
const answerHeaders = 'etag, ratelimit, ratelimit-policy, retry-after, x-request-id, idempotency-replayed';

export interface Cors {
  readonly middleware: MiddlewareHandler<AppEnv>;
  /** Reads them anew at the next request. */
  forget(): void;
}

export function createCors({
  storage: { corsOrigins },
  log,
  now,
}: {
  readonly storage: Pick<Storage, 'corsOrigins'>;
  readonly log: Log;
  readonly now: () => number;
}): Cors {
  let known: ReadonlySet<string> = new Set();
  let until = 0;

  /** `tenant/origin`, and `*` in place of a tenant where any has it. */
  async function allowed(): Promise<ReadonlySet<string>> {
    if (until > now()) return known;
    until = now() + cacheMs;
    try {
      const rows = await corsOrigins.all();
      known = new Set(rows.flatMap(({ tenantId, origin }) => [`${tenantId}/${origin}`, `*/${origin}`]));
    } catch (error) {
      log.warn('the origins that may ask could not be read', { error: describeError(error) });
    }
    return known;
  }

  return {
    forget: () => (until = 0),
    middleware: async (c, next) => {
      const origin = c.req.header('origin');
      if (origin === undefined || sameOrigin(origin, c.req.header('host'))) return next();
      if (c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined) {
        const isAllowed = (await allowed()).has(`*/${origin}`);
        return c.body(null, 204, isAllowed ? preflightHeaders(origin) : { vary: 'origin' });
      }
      await next();
      c.res.headers.append('vary', 'origin');
      const identity: unknown = c.get('identity');
      if (identity === undefined || !(await allowed()).has(`${c.get('identity').tenant.tenantId}/${origin}`)) return;
      show(c, origin);
    },
  };
}

function preflightHeaders(origin: string): Record<string, string> {
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    'access-control-allow-methods': methods,
    'access-control-allow-headers': requestHeaders,
    'access-control-max-age': '600',
  };
}

/** Never with credentials: a page of another site has a token, not the cookie. */
function show(c: Context<AppEnv>, origin: string): void {
  c.res.headers.set('access-control-allow-origin', origin);
  c.res.headers.set('access-control-expose-headers', answerHeaders);
}
