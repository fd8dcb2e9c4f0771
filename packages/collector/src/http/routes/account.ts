import { TarsierError } from '@tarsier/protocol';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Credential } from '../../storage/accounts.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Attempts } from '../../tenancy/attempts.ts';
import { sessionCookie, type Identity } from '../../tenancy/authenticate.ts';
import { hashPassword, verifyPassword } from '../../tenancy/passwords.ts';
import { hasTotp, type RequireCode } from '../../tenancy/second-factor.ts';
import { matchTotp, newRecoveryCodes, newTotpSecret, recoveryHash, totpUri } from '../../tenancy/totp.ts';
import type { Api } from '../api/call.ts';
import type { AppEnv } from '../app-env.ts';
import { startSession, type SessionDeps } from '../start-session.ts';

interface AccountDeps extends SessionDeps {
  readonly storage: Pick<Storage, 'accounts' | 'audit' | 'sessions' | 'tenants'>;
  readonly attempts: Attempts;
  readonly requireCode: RequireCode;
}

/** `/v1/account`: what one signs in with; `/v1/sign-in-policy`: what the tenant wants of that. */
export function accountRoutes(api: Api, deps: AccountDeps): void {
  const { storage, attempts, requireCode, now } = deps;
  const { accounts, sessions, tenants } = storage;

  /** Keys and tokens have none; nor has who followed the link of a start. */
  async function accountOf({ user, by }: Identity): Promise<Credential> {
    const found = user === undefined || by !== 'session' ? undefined : await accounts.get(user.id);
    if (found === undefined) throw new TarsierError('auth/no-user', 'this is for users who are signed in');
    return found;
  }

  async function requirePassword({ id, passwordHash }: Credential, password: string, field: string): Promise<void> {
    const name = `password ${id}`;
    attempts.check([name]);
    if (await verifyPassword(password, passwordHash)) {
      attempts.succeeded(name);
      return;
    }
    attempts.failed([name]);
    throw new TarsierError('account/password', `${field}: expected the password that counts now`, { field });
  }

  /** A session of its own for what is stronger now: the former one's token opens no more than it did. */
  async function renewSession(c: Context<AppEnv>, { tenant }: Identity, { id }: Credential): Promise<void> {
    const before = getCookie(c, sessionCookie);
    await startSession(c, deps, tenant, id, 'totp');
    if (before !== undefined) await sessions.end(before);
  }

  api.on('GET /v1/account', async ({ identity }) => {
    const account = await accountOf(identity);
    const { id, email, passwordHash, recoveryHashes, issuer } = account;
    return {
      id,
      email,
      hasPassword: passwordHash !== null,
      hasTotp: hasTotp(account),
      recoveryCodesLeft: recoveryHashes.length,
      issuer,
    };
  });
  api.on('PUT /v1/account/password', {
    // An account is of no tenant.
    apart: true,
    current: ({ identity: { name } }) => Promise.resolve({ name }),
    async handle({ c, identity, body: { current, password } }) {
      const account = await accountOf(identity);
      await requirePassword(account, current, 'current');
      await accounts.setPassword(account.id, await hashPassword(password));
      await sessions.endOthers(account.id, getCookie(c, sessionCookie) ?? '');
    },
  });
  api.on('POST /v1/account/totp', async ({ c, identity, body: { password } }) => {
    const account = await accountOf(identity);
    if (hasTotp(account)) throw new TarsierError('account/totp', 'there is a second factor; turn it off first');
    // Else who finds a page that somebody left open could lock that one out.
    if (account.passwordHash !== null) await requirePassword(account, password, 'password');
    const secret = newTotpSecret();
    await accounts.beginTotp(account.id, secret);
    c.header('cache-control', 'no-store');
    return { secret, uri: totpUri(secret, account.email) };
  });
  api.on('POST /v1/account/totp/confirm', async ({ c, identity, body: { code } }) => {
    const account = await accountOf(identity);
    const { id, totpPending } = account;
    if (totpPending === null) throw new TarsierError('account/totp', 'no second factor was begun to be set up');
    const name = `code ${id}`;
    attempts.check([name]);
    const step = matchTotp(totpPending, code.replaceAll(/\s/gu, ''), now());
    if (step === undefined) {
      attempts.failed([name]);
      throw new TarsierError('auth/code', 'code: expected the six digits that the authenticator shows now', {
        field: 'code',
      });
    }
    const recoveryCodes = newRecoveryCodes();
    if (!(await accounts.confirmTotp(id, step, recoveryCodes.map(recoveryHash)))) {
      throw new TarsierError('account/totp', 'the second factor was confirmed at the same moment');
    }
    await renewSession(c, identity, account);
    return { recoveryCodes };
  });
  api.on('POST /v1/account/totp/disable', async ({ identity, body: { code } }) => {
    const account = await accountOf(identity);
    if (!hasTotp(account)) throw new TarsierError('account/totp', 'there is no second factor');
    await requireCode(account, code);
    await accounts.endTotp(account.id);
  });
  api.on('POST /v1/account/recovery-codes', async ({ c, identity, body: { code } }) => {
    const account = await accountOf(identity);
    if (!hasTotp(account)) throw new TarsierError('account/totp', 'there is no second factor');
    await requireCode(account, code);
    const recoveryCodes = newRecoveryCodes();
    await accounts.setRecovery(account.id, recoveryCodes.map(recoveryHash));
    c.header('cache-control', 'no-store');
    return { recoveryCodes };
  });

  api.on('GET /v1/sign-in-policy', async ({ tenant }) => ({ requireTotp: await tenants.requiresTotp(tenant) }));
  api.on('PUT /v1/sign-in-policy', {
    current: async ({ tenant }) => ({ requireTotp: await tenants.requiresTotp(tenant) }),
    async handle({ tenant, body: { requireTotp } }) {
      await tenants.setRequiresTotp(tenant, requireTotp);
      return { requireTotp };
    },
  });
}
