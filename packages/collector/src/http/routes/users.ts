import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { SessionFactor, User } from '@tarsier/protocol/api';
import type { Context } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import type { Attempts } from '../../tenancy/attempts.ts';
import { sameOrigin, type Identity } from '../../tenancy/authenticate.ts';
import type { OidcClient } from '../../tenancy/oidc/client.ts';
import { hashPassword, verifyPassword } from '../../tenancy/passwords.ts';
import { hasTotp, type RequireCode } from '../../tenancy/second-factor.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';
import type { AppEnv } from '../app-env.ts';
import { addressOf } from '../address-of.ts';
import { noteSignIn, startSession, type SessionDeps } from '../start-session.ts';

interface SignInDeps extends SessionDeps {
  readonly storage: Pick<Storage, 'accounts' | 'audit' | 'users' | 'sessions'>;
  readonly attempts: Attempts;
  readonly requireCode: RequireCode;
  readonly oidc: readonly OidcClient[];
}

/** How one becomes known: `POST /v1/sign-in`, `POST /v1/invitations/accept`. */
export function signInRoutes(api: Api, deps: SignInDeps): void {
  const { attempts, requireCode, oidc } = deps;
  const { users, accounts } = deps.storage;

  async function start(
    c: Context<AppEnv>,
    tenant: TenantScope,
    { id, email, role }: Pick<User, 'id' | 'email' | 'role'>,
    factor: SessionFactor,
  ) {
    await startSession(c, deps, tenant, id, factor);
    await noteSignIn(c, deps, tenant, { name: email, factor });
    return { tenant: tenant.tenant, user: { id, email, role } };
  }

  /** Whoever asks for a session is a page of this server, or no page at all. */
  function requireOwnPage(c: Context<AppEnv>): void {
    const origin = c.req.header('origin');
    if (origin === undefined || sameOrigin(origin, c.req.header('host'))) return;
    throw new TarsierError('auth/origin', 'origin: signing in is for the page of this server', { field: 'origin' });
  }

  /**
   * The password, and a code where there is a second factor.
   *
   * @returns what was shown
   * @throws {TarsierError} `auth/attempts`, `auth/password`, `auth/second-factor`, `auth/code`
   */
  async function requireAccount(c: Context<AppEnv>, email: string, password: string, code: string | undefined) {
    const names = [`e-mail ${email}`, `address ${addressOf(c)}`];
    attempts.check(names);
    const account = await users.account(email);
    if (account === undefined || !(await verifyPassword(password, account.passwordHash))) {
      if (account === undefined) await verifyPassword(password, undefined);
      attempts.failed(names);
      throw wrongPassword();
    }
    const credential = await accounts.get(account.id);
    if (credential === undefined) throw wrongPassword();
    let factor: SessionFactor = 'password';
    if (hasTotp(credential)) {
      if (code === undefined || code === '') {
        const message = 'code: expected the six digits that your authenticator shows, or a recovery code';
        throw new TarsierError('auth/second-factor', message, { field: 'code' });
      }
      await requireCode(credential, code);
      factor = 'totp';
    }
    attempts.succeeded(names[0] ?? '');
    return { ...account, factor };
  }

  api.on('GET /v1/sign-in', () => ({
    providers: oidc.map(({ provider: { id, name } }) => ({ id, name, href: `/sign-in/oidc/${id}` })),
  }));

  api.on('POST /v1/sign-in', async ({ c, body: { email, password, tenant: name, code } }) => {
    requireOwnPage(c);
    const { id, tenants, factor } = await requireAccount(c, email, password, code);
    const chosen = tenants.find(({ tenant }) => name === undefined || tenant.tenant === name);
    // As one whom nobody knows: which tenants there are is nobody's business.
    if (chosen === undefined) throw wrongPassword();
    return start(c, chosen.tenant, { id, email, role: chosen.role }, factor);
  });

  api.on('POST /v1/invitations/accept', async ({ c, body: { token, name, password, code } }) => {
    requireOwnPage(c);
    const missing = (): TarsierError =>
      new TarsierError('users/invitation', 'token: this invitation is not known, was used, or has expired', {
        field: 'token',
      });
    const invited = await users.invited(token);
    if (invited === undefined) throw missing();
    const isKnown = (await users.account(invited.email)) !== undefined;
    const factor = isKnown ? (await requireAccount(c, invited.email, password, code)).factor : 'password';
    const joined = await users.join(token, { name, passwordHash: await hashPassword(password) });
    if (joined === undefined) throw missing();
    return start(c, joined.tenant, joined.user, factor);
  });
}

function wrongPassword(): TarsierError {
  return new TarsierError('auth/password', 'the e-mail address or the password is not right');
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
