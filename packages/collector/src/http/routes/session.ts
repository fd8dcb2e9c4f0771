import { TarsierError } from '@tarsier/protocol';
import { Hono } from 'hono';
import { deleteCookie, getCookie } from 'hono/cookie';
import { localOwner } from '../../storage/sessions.ts';
import { sessionCookie, type Identity } from '../../tenancy/authenticate.ts';
import { pageOf } from '../api/page-of.ts';
import type { Api } from '../api/call.ts';
import type { AppEnv } from '../app-env.ts';
import { clientOf, giveSession, noteSignIn, sessionMs, type SessionDeps } from '../start-session.ts';

/** `GET /sign-in?code=`: turns the one-time link that a start prints into a session. */
export function signInRoute(deps: SessionDeps): Hono<AppEnv> {
  const { storage, now, secure } = deps;
  return new Hono<AppEnv>().get('/', async (c) => {
    const signedIn = await storage.sessions.redeem(c.req.query('code') ?? '', sessionMs, now(), clientOf(c));
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
    giveSession(c, signedIn.token, secure);
    await noteSignIn(c, deps, signedIn.tenant, { name: localOwner.email, factor: 'link' });
    return c.redirect('/', 303);
  });
}

/** `GET /v1/session`: who one is. `DELETE` signs out. `/v1/sessions`: where else one is signed in. */
export function sessionRoutes(api: Api, { storage: { sessions }, now }: SessionDeps): void {
  const userOf = ({ user }: Identity): string => {
    if (user !== undefined) return user.id;
    throw new TarsierError('auth/no-user', 'this is for users: a key has no sessions');
  };

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
      if (session !== undefined) await sessions.end(session);
      deleteCookie(c, sessionCookie, { path: '/' });
    },
  });
  api.on('GET /v1/sessions', async ({ tenant, identity, query }) => {
    const all = await sessions.list(tenant, userOf(identity), now());
    const { items, ...more } = pageOf(all, ({ id }) => id, query);
    return { sessions: items.map((one) => ({ ...one, current: one.id === identity.sessionId })), ...more };
  });
  api.on('DELETE /v1/sessions/{id}', {
    current: async ({ tenant, identity, params }) =>
      (await sessions.list(tenant, userOf(identity), now())).find(({ id }) => id === params.id),
    async handle({ tenant, identity, params: { id } }) {
      if (await sessions.revoke(tenant, userOf(identity), id)) return;
      throw new TarsierError('http/not-found', `id: you have no session of id ${id}`, { field: 'id' });
    },
  });
}
