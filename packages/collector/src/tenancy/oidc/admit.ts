/** Who somebody is here whom an issuer has named: an account, a tenant and a role, or nobody. */
import { describeError, TarsierError } from '@tarsier/protocol';
import { roles, type Role } from '@tarsier/protocol/api';
import type { JWTPayload } from 'jose';
import type { Log } from '../../log.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { OidcProvider } from './provider.ts';

type Claims = JWTPayload & { readonly sub: string };

export interface Admitted {
  readonly tenant: TenantScope;
  readonly accountId: string;
}

interface Deps {
  readonly storage: Pick<Storage, 'accounts' | 'admissions' | 'tenants' | 'users'>;
  readonly log: Log;
}

/** @throws {TarsierError} `auth/oidc-email`, `auth/oidc-uninvited` */
export async function admit(provider: OidcProvider, claims: Claims, { storage, log }: Deps): Promise<Admitted> {
  const { accounts, users } = storage;
  const { issuer } = provider;
  const known = await accounts.byIssuer(issuer, claims.sub);
  // Whom it named before is the same one, whatever the address is now.
  const email = known?.email ?? emailOf(provider, claims);
  const tenant = await tenantOf(provider, claims, storage);
  const account = await users.account(email);
  const role = roleOf(provider, claims);
  const member = account?.tenants.find((one) => tenant === undefined || one.tenant.tenantId === tenant.tenantId);
  let admitted: Admitted | undefined;
  if (account !== undefined && member !== undefined) {
    admitted = { tenant: member.tenant, accountId: account.id };
    if (role !== undefined && role !== member.role) {
      await users.setRole(member.tenant, account.id, role).catch((error: unknown) => {
        // The only owner stays one, whatever the issuer says.
        log.warn('a role that an issuer says was not taken', { issuer, error: describeError(error) });
      });
    }
  } else {
    admitted = await join(provider, { email, claims, tenant, role }, storage);
  }
  if (admitted === undefined) {
    throw new TarsierError('auth/oidc-uninvited', `${email} is no user here, and has no invitation`);
  }
  if (known === undefined && !(await accounts.link(admitted.accountId, issuer, claims.sub))) {
    // Else who gets a former address at the issuer would get the account.
    throw new TarsierError('auth/oidc-email', `${email} signs in as somebody else at an issuer`);
  }
  return admitted;
}

async function join(
  { allowedDomains, defaultRole }: OidcProvider,
  {
    email,
    claims,
    tenant,
    role,
  }: {
    readonly email: string;
    readonly claims: Claims;
    readonly tenant: TenantScope | undefined;
    readonly role: Role | undefined;
  },
  { admissions }: Pick<Storage, 'admissions'>,
): Promise<Admitted | undefined> {
  const name = typeof claims['name'] === 'string' && claims['name'] !== '' ? claims['name'].slice(0, 200) : email;
  const open = await admissions.invitationsOf(email);
  const invitation = open.find((one) => tenant === undefined || one.tenant.tenantId === tenant.tenantId);
  if (invitation !== undefined) {
    const person = { email, name, role: role ?? invitation.role };
    const accountId = await admissions.admit(invitation.tenant, person, invitation);
    return accountId === undefined ? undefined : { tenant: invitation.tenant, accountId };
  }
  const domain = email.slice(email.lastIndexOf('@') + 1);
  if (tenant === undefined || !allowedDomains.includes(domain)) return undefined;
  const accountId = await admissions.admit(tenant, { email, name, role: role ?? defaultRole });
  return accountId === undefined ? undefined : { tenant, accountId };
}

function emailOf({ trustEmail }: OidcProvider, { email, email_verified: verified }: Claims): string {
  if (typeof email !== 'string' || !/^[^\s@]{1,64}@[^\s@]{1,189}$/u.test(email)) {
    throw new TarsierError('auth/oidc-email', 'the issuer does not say an e-mail address');
  }
  // Who may type any address at an issuer would be whom he likes.
  if (verified !== true && !trustEmail) {
    throw new TarsierError('auth/oidc-email', `the issuer has not verified the e-mail address ${email}`);
  }
  return email.toLowerCase();
}

/** @returns undefined where neither the settings nor the issuer say one */
async function tenantOf(
  { tenant, tenantClaim }: OidcProvider,
  claims: Claims,
  { tenants }: Pick<Storage, 'tenants'>,
): Promise<TenantScope | undefined> {
  const claimed = tenantClaim === undefined ? undefined : claims[tenantClaim];
  const name = tenant ?? (typeof claimed === 'string' ? claimed : undefined);
  if (name === undefined && tenantClaim === undefined) return undefined;
  const found = name === undefined ? undefined : await tenants.find(name);
  if (found !== undefined && (await tenants.isActive(found))) return found;
  throw new TarsierError('auth/oidc-uninvited', 'the tenant that the issuer says is not here');
}

function roleOf({ roleClaim, roles: byClaim }: OidcProvider, claims: Claims): Role | undefined {
  const claimed: unknown = roleClaim === undefined ? undefined : claims[roleClaim];
  const has = new Set((Array.isArray(claimed) ? claimed : [claimed]).map(String));
  const [, role] = Object.entries(byClaim).find(([value]) => has.has(value)) ?? [];
  return roles.find((one) => one === role);
}
