import { randomBytes } from 'node:crypto';
import { describeError, TarsierError } from '@tarsier/protocol';
import { Hono, type Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Log } from '../../log.ts';
import type { Storage } from '../../storage/storage.ts';
import { admit } from '../../tenancy/oidc/admit.ts';
import type { OidcClient, OidcFlow } from '../../tenancy/oidc/client.ts';
import { sameText } from '../../tenancy/same-text.ts';
import type { Sealer } from '../../tenancy/oidc/sealer.ts';
import type { AppEnv } from '../app-env.ts';
import { noteSignIn, startSession, type SessionDeps } from '../start-session.ts';

const flowCookie = 'tarsier_oidc';
const flowMs = 10 * 60_000;
const random = (): string => randomBytes(32).toString('base64url');

interface OidcDeps extends SessionDeps {
  readonly storage: Pick<Storage, 'accounts' | 'admissions' | 'audit' | 'sessions' | 'tenants' | 'users'>;
  readonly oidc: readonly OidcClient[];
  readonly sealer: Sealer;
  /** How people reach the collector, where that is not where it listens. */
  readonly publicUrl: string | undefined;
  readonly log: Log;
}

/** `/sign-in/oidc/ID` goes to an issuer, `…/callback` comes back from it. */
export function oidcRoutes(deps: OidcDeps): Hono<AppEnv> {
  const { oidc, sealer, secure, publicUrl, log } = deps;

  function clientOf(id: string): OidcClient {
    const found = oidc.find(({ provider }) => provider.id === id);
    if (found === undefined) throw new TarsierError('http/not-found', 'there is no issuer of that name to sign in at');
    return found;
  }

  /** An address of its own for each issuer: what comes from one is never taken for another's. */
  function callbackOf(c: Context<AppEnv>, id: string): string {
    return new URL(`/sign-in/oidc/${id}/callback`, publicUrl ?? new URL(c.req.url).origin).href;
  }

  /** Back to the page, which says it in the person's language. */
  function failed(c: Context<AppEnv>, id: string, error: unknown): Response {
    if (!(error instanceof TarsierError)) throw error;
    log.warn('somebody could not sign in at an issuer', {
      provider: id,
      requestId: c.get('requestId'),
      error: describeError(error),
    });
    return c.redirect(`/#/?problem=${encodeURIComponent(error.code)}`, 303);
  }

  return new Hono<AppEnv>()
    .get('/:id', async (c) => {
      const id = c.req.param('id');
      const client = clientOf(id);
      const flow: OidcFlow = { state: random(), nonce: random(), verifier: random(), redirectUri: callbackOf(c, id) };
      try {
        const to = await client.authorizationUrl(flow);
        const path = `/sign-in/oidc/${id}`;
        const sealed = await sealer.seal({ ...flow, id }, flowMs);
        setCookie(c, flowCookie, sealed, { httpOnly: true, sameSite: 'Lax', path, secure, maxAge: flowMs / 1_000 });
        c.header('cache-control', 'no-store');
        return c.redirect(to, 303);
      } catch (error) {
        return failed(c, id, error);
      }
    })
    .get('/:id/callback', async (c) => {
      const id = c.req.param('id');
      const client = clientOf(id);
      const sealed = getCookie(c, flowCookie) ?? '';
      // Once, however it ends.
      deleteCookie(c, flowCookie, { path: `/sign-in/oidc/${id}` });
      try {
        const flow = flowOf(await sealer.open(sealed), id);
        const { state = '', code, iss, error } = c.req.query();
        if (flow === undefined || !sameText(state, flow.state)) {
          throw new TarsierError('auth/oidc-state', 'this sign-in was begun elsewhere, or too long ago');
        }
        // RFC 9207: another issuer that answers in the place of the one that was asked.
        if (iss !== undefined && iss !== client.provider.issuer) {
          throw new TarsierError('auth/oidc-state', `the answer is of issuer ${iss}`);
        }
        if (code === undefined) {
          throw new TarsierError(
            'auth/oidc-refused',
            `the issuer refused: ${(error ?? 'without a reason').slice(0, 100)}`,
          );
        }
        const claims = await client.redeem(code, flow);
        const { tenant, accountId } = await admit(client.provider, claims, deps);
        await startSession(c, deps, tenant, accountId, 'oidc');
        await noteSignIn(c, deps, tenant, { name: String(claims['email']), factor: 'oidc' });
        return c.redirect('/', 303);
      } catch (error) {
        return failed(c, id, error);
      }
    });
}

function flowOf(opened: Readonly<Record<string, unknown>> | undefined, id: string): OidcFlow | undefined {
  if (opened === undefined || opened['id'] !== id) return undefined;
  const { state, nonce, verifier, redirectUri } = opened;
  const texts = [state, nonce, verifier, redirectUri];
  if (!texts.every((text) => typeof text === 'string')) return undefined;
  return { state: String(state), nonce: String(nonce), verifier: String(verifier), redirectUri: String(redirectUri) };
}
