import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { User } from '@tarsier/protocol/api';
import type { Context } from 'hono';
import { setCookie } from 'hono/cookie';
import type { Storage } from '../../storage/storage.ts';
import { createAttempts } from '../../tenancy/attempts.ts';
import { sameOrigin, sessionCookie, type Identity } from '../../tenancy/authenticate.ts';
import { hashPassword, verifyPassword } from '../../tenancy/passwords.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';
import type { AppEnv } from '../app-env.ts';

const sessionMs = 30 * 86_400_000;

interface SignInDeps {
  readonly storage: Pick<Storage, 'users' | 'sessions'>;
  /** Whether people reach it by https: the cookie then never travels in the clear. */
  readonly secure: boolean;
  readonly now: () => UnixMs;
}

/** How one becomes known: `POST /v1/sign-in`, `POST /v1/invitations/accept`. */
export function signInRoutes(api: Api, { storage: { users, sessions }, secure, now }: SignInDeps): void {
  const attempts = createAttempts(now);

  async function start(
    c: Context<AppEnv>,
    tenant: TenantScope,
    { id, email, role }: Pick<User, 'id' | 'email' | 'role'>,
  ) {
    const token = await sessions.create(tenant, id, sessionMs, now());
    setCookie(c, sessionCookie, token, {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      secure,
      maxAge: sessionMs / 1_000,
    });
    c.header('cache-control', 'no-store');
    return { tenant: tenant.tenant, user: { id, email, role } };
  }

  /** Whoever asks for a session is a page of this server, or no page at all. */
  function requireOwnPage(c: Context<AppEnv>): void {
    const origin = c.req.header('origin');
    if (origin === undefined || sameOrigin(origin, c.req.header('host'))) return;
    throw new TarsierError('auth/origin', 'origin: signing in is for the page of this server', { field: 'origin' });
  }

  /** @throws {TarsierError} `auth/attempts`, `auth/password` */
  async function requirePassword(c: Context<AppEnv>, email: string, password: string) {
    const names = [`e-mail ${email}`, `address ${c.env?.incoming?.socket.remoteAddress ?? ''}`];
    attempts.check(names);
    const account = await users.account(email);
    if (account === undefined || !(await verifyPassword(password, account.passwordHash))) {
      if (account === undefined) await verifyPassword(password, undefined);
      attempts.failed(names);
      throw new TarsierError('auth/password', 'the e-mail address or the password is not right');
    }
    attempts.succeeded(names[0] ?? '');
    return account;
  }

  api.on('POST /v1/sign-in', async ({ c, body: { email, password, tenant: name } }) => {
    requireOwnPage(c);
    const { id, tenants } = await requirePassword(c, email, password);
    const chosen = tenants.find(({ tenant }) => name === undefined || tenant.tenant === name);
    // As one whom nobody knows: which tenants there are is nobody's business.
    if (chosen === undefined)
      throw new TarsierError('auth/password', 'the e-mail address or the password is not right');
    return start(c, chosen.tenant, { id, email, role: chosen.role });
  });

  api.on('POST /v1/invitations/accept', async ({ c, body: { token, name, password } }) => {
    requireOwnPage(c);
    const missing = (): TarsierError =>
      new TarsierError('users/invitation', 'token: this invitation is not known, was used, or has expired', {
        field: 'token',
      });
    const invited = await users.invited(token);
    if (invited === undefined) throw missing();
    if ((await users.account(invited.email)) !== undefined) await requirePassword(c, invited.email, password);
    const joined = await users.join(token, { name, passwordHash: await hashPassword(password) });
    if (joined === undefined) throw missing();
    return start(c, joined.tenant, joined.user);
  });
}

/** `/v1/users`, `/v1/invitations`. */
export function userRoutes(
  api: Api,
  { storage: { users }, now }: { readonly storage: Pick<Storage, 'users'>; readonly now: () => UnixMs },
): void {
  const find = async (tenant: TenantScope, id: string): Promise<User | undefined> =>
    (await users.list(tenant)).find((user) => user.id === id);
  const missing = (id: string): TarsierError =>
    new TarsierError('http/not-found', `id: there is nobody of id ${id}`, { field: 'id' });
  const requireOwner = ({ user }: Identity): void => {
    if (user === undefined || user.role === 'owner') return;
    throw new TarsierError('auth/scope', `this is for owners; this user is ${user.role}`);
  };

  api.on('GET /v1/users', async ({ tenant }) => ({ users: await users.list(tenant) }));
  api.on('PUT /v1/users/{id}', {
    current: ({ tenant, params }) => find(tenant, params.id),
    async handle({ tenant, identity, params: { id }, body: { role } }) {
      const before = await find(tenant, id);
      if (before === undefined) throw missing(id);
      if (role === 'owner' || before.role === 'owner') requireOwner(identity);
      const user = await users.setRole(tenant, id, role);
      if (user === undefined) throw missing(id);
      return user;
    },
  });
  api.on('DELETE /v1/users/{id}', {
    current: ({ tenant, params }) => find(tenant, params.id),
    async handle({ tenant, identity, params: { id } }) {
      const before = await find(tenant, id);
      if (before?.role === 'owner') requireOwner(identity);
      if (!(await users.remove(tenant, id))) throw missing(id);
    },
  });
  api.on('GET /v1/invitations', async ({ tenant }) => ({ invitations: await users.invitations(tenant) }));
  api.on('POST /v1/invitations', async ({ c, tenant, identity, body: { email, role, expiresInMs } }) => {
    if (role === 'owner') requireOwner(identity);
    c.header('cache-control', 'no-store');
    return users.invite(tenant, { email, role, expiresAt: now() + expiresInMs });
  });
  api.on('DELETE /v1/invitations/{id}', {
    current: async ({ tenant, params }) => (await users.invitations(tenant)).find(({ id }) => id === params.id),
    async handle({ tenant, params: { id } }) {
      if (!(await users.uninvite(tenant, id))) throw missing(id);
    },
  });
}
