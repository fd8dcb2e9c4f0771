import type { UnixMs } from '@tarsier/protocol';
import type { SessionFactor } from '@tarsier/protocol/api';
import type { Context } from 'hono';
import { setCookie } from 'hono/cookie';
import type { SessionOrigin } from '../storage/sessions.ts';
import type { Storage } from '../storage/storage.ts';
import { sessionCookie } from '../tenancy/authenticate.ts';
import type { TenantScope } from '../tenant.ts';
import { addressOf } from './address-of.ts';
import type { AppEnv } from './app-env.ts';

export const sessionMs = 30 * 86_400_000;
const maxAgentLength = 200;

export interface SessionDeps {
  readonly storage: Pick<Storage, 'audit' | 'sessions'>;
  /** Whether people reach it by https: the cookie then never travels in the clear. */
  readonly secure: boolean;
  readonly now: () => UnixMs;
}

/** Signs a user in: makes a session, and hands its token to the browser. */
export async function startSession(
  c: Context<AppEnv>,
  { storage: { sessions }, secure, now }: SessionDeps,
  tenant: TenantScope,
  accountId: string,
  factor: SessionFactor,
): Promise<void> {
  const token = await sessions.create(tenant, accountId, sessionMs, now(), { factor, ...clientOf(c) });
  giveSession(c, token, secure);
}

/** In the audit log: who came in, how and from where. */
export async function noteSignIn(
  c: Context<AppEnv>,
  { storage: { audit }, now }: SessionDeps,
  tenant: TenantScope,
  { name, factor }: { readonly name: string; readonly factor: SessionFactor },
): Promise<void> {
  const { agent, address } = clientOf(c);
  await audit.append(tenant, {
    at: now(),
    actor: { kind: 'session', name },
    action: `${c.req.method} ${c.req.path}`,
    target: '/v1/sessions',
    from: address,
    requestId: c.get('requestId'),
    before: null,
    after: { factor, agent },
  });
}

export function giveSession(c: Context<AppEnv>, token: string, secure: boolean): void {
  setCookie(c, sessionCookie, token, {
    // No script sees it, and no other site's form brings it along.
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    secure,
    maxAge: sessionMs / 1_000,
  });
  c.header('cache-control', 'no-store');
}

/** Where a request comes from, as people know it again in a list. */
export function clientOf(c: Context<AppEnv>): Omit<SessionOrigin, 'factor'> {
  const agent = (c.req.header('user-agent') ?? '').slice(0, maxAgentLength).toWellFormed().replaceAll('\u0000', '');
  return { agent, address: addressOf(c) };
}
