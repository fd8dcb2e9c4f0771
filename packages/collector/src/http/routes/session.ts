import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';
import type { AppEnv } from '../app-env.ts';
import { sessionCookie } from '../../tenancy/authenticate.ts';

const sessionMs = 30 * 86_400_000;

/** `GET /sign-in?code=`: turns the one-time link that a start prints into a session. */
export function signInRoute({
  storage,
  now,
  secure,
}: {
  readonly storage: Pick<Storage, 'sessions'>;
  readonly now: () => UnixMs;
  /** Whether people reach it by https: the cookie then never travels in the clear. */
  readonly secure: boolean;
}): Hono<AppEnv> {
  return new Hono<AppEnv>().get('/', async (c) => {
    const signedIn = await storage.sessions.redeem(c.req.query('code') ?? '', sessionMs, now());
    if (signedIn === undefined) {
      // A link that was followed twice by the same browser still leads to the page.
      const session = getCookie(c, sessionCookie);
      if (session !== undefined && (await storage.sessions.find(session, now())) !== undefined)
        return c.redirect('/', 303);
      throw new TarsierError(
        'auth/sign-in-code',
        'this sign-in link was used before, or is older than 15 minutes; the next start of the collector prints a new one',
        { field: 'code' },
      );
    }
    setCookie(c, sessionCookie, signedIn.token, {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      secure,
      maxAge: sessionMs / 1000,
    });
    return c.redirect('/', 303);
  });
}

/** `GET /v1/session`: who one is. `DELETE` signs out. */
export function sessionRoutes(api: Api, { storage }: { readonly storage: Pick<Storage, 'sessions'> }): void {
  api.on('GET /v1/session', ({ identity: { tenant, scope, by, user } }) => ({
    tenant: tenant.tenant,
    scope,
    by,
    ...(user === undefined ? {} : { user }),
  }));
  api.on('DELETE /v1/session', {
    // Sessions are found by their secret, not by their tenant.
    apart: true,
    current: ({ identity: { name } }) => Promise.resolve({ name }),
    async handle({ c }) {
      const session = getCookie(c, sessionCookie);
      if (session !== undefined) await storage.sessions.end(session);
      deleteCookie(c, sessionCookie, { path: '/' });
    },
  });
}
