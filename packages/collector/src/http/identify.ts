import { TarsierError } from '@tarsier/protocol';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { sameOrigin, sessionCookie, type Authenticate, type Identity } from '../tenancy/authenticate.ts';
import type { Limiter, RateState } from '../tenancy/limiter.ts';
import type { Turns } from '../tenancy/turns.ts';
import type { AppEnv } from './app-env.ts';

/** What brings samples. */
const sends = /^\/v1\/(?:ingest$|import\/)/u;

/** Finds out who asks, and whether that one may ask so often: before anything of the request's body is read. */
export function createIdentify({
  authenticate,
  limiter,
  turns,
}: {
  readonly authenticate: Authenticate;
  readonly limiter: Limiter;
  readonly turns: Turns;
}): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const identity = await authenticate({
      authorization: c.req.header('authorization'),
      session: getCookie(c, sessionCookie),
      origin: c.req.header('origin'),
    });
    const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD';
    if (identity.by === 'session' && changes && !sameOrigin(c.req.header('origin'), c.req.header('host'))) {
      throw new TarsierError('auth/origin', 'origin: a change by a session must come from the page itself', {
        field: 'origin',
      });
    }
    c.set('identity', identity);
    tellRate(c, 'requests', await limiter.request(identity, sends.test(c.req.path)));
    // Agents' batches take their turns where it is known how long they would wait.
    if (c.req.path !== '/v1/ingest') {
      await takeTurn(c, turns, identity);
    }
    await next();
  };
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/: a list, of each limit that counted. */
export function tellRate(c: Context<AppEnv>, name: 'requests' | 'samples', state: RateState | undefined): void {
  if (state === undefined) return;
  c.header('ratelimit-policy', `"${name}";q=${state.limit};w=${state.windowS}`, { append: true });
  c.header('ratelimit', `"${name}";r=${state.remaining};t=${state.windowS}`, { append: true });
}

/** Its turn ends when it is answered. */
export async function takeTurn(
  c: Context<AppEnv>,
  turns: Pick<Turns, 'take'>,
  { tenant }: Pick<Identity, 'tenant'>,
): Promise<void> {
  c.set('endTurn', await turns.take(tenant.tenantId, () => c.env?.outgoing?.destroyed === true));
}
