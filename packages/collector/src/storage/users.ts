import { randomUUID } from 'node:crypto';
import { roles, type Invitation, type Role, type User } from '@tarsier/protocol/api';
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { and, eq, gt, isNull, ne, sql } from 'drizzle-orm';
import type { TenantScope } from '../tenant.ts';
import type { Database, DrizzleTransaction } from './database.ts';
import { hashOf, idOf, newSecret } from './keys.ts';
import { account, invitation, membership, tenant } from './schema.ts';

/** Who may sign in, and where. */
export interface Account {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string | null;
  readonly tenants: readonly { readonly tenant: TenantScope; readonly role: Role }[];
}

export interface Users {
  list(scope: TenantScope): Promise<readonly User[]>;
  /** @returns undefined when there is none of that id; @throws {TarsierError} `users/last-owner` */
  setRole(scope: TenantScope, id: string, role: Role): Promise<User | undefined>;
  /** @returns whether there was one; @throws {TarsierError} `users/last-owner` */
  remove(scope: TenantScope, id: string): Promise<boolean>;
  invitations(scope: TenantScope): Promise<readonly Invitation[]>;
  invite(
    scope: TenantScope,
    invited: Pick<Invitation, 'email' | 'role' | 'expiresAt'>,
  ): Promise<Invitation & { readonly token: string }>;
  /** @returns whether there was one */
  uninvite(scope: TenantScope, id: string): Promise<boolean>;
  /** Takes no tenant: a token says which. */
  invited(token: string): Promise<{ readonly tenant: TenantScope; readonly email: string } | undefined>;
  /** Uses the invitation up. @returns undefined when another did so meanwhile */
  join(
    token: string,
    person: { readonly name: string; readonly passwordHash: string },
  ): Promise<{ readonly tenant: TenantScope; readonly user: Pick<User, 'id' | 'email' | 'role'> } | undefined>;
  /** Takes no tenant: it is how one becomes known. */
  account(email: string): Promise<Account | undefined>;
}

export function createUsers({ within, system }: Database, now: () => UnixMs): Users {
  const rows = (tx: DrizzleTransaction, { tenantId }: TenantScope) =>
    tx
      .select({ id: membership.accountId, role: membership.role, createdAt: membership.createdAt })
      .from(membership)
      .where(eq(membership.tenantId, tenantId));

  /** Accounts are of no tenant; only those of the tenant's users are asked for. */
  async function named(members: readonly { id: string; role: string; createdAt: UnixMs }[]): Promise<User[]> {
    if (members.length === 0) return [];
    const found = await system.db
      .select({ id: account.id, email: account.email, name: account.name })
      .from(account)
      .where(sql`${account.id} = any(${sql.param(members.map(({ id }) => id))}::text[])`);
    const byId = new Map(found.map((one) => [one.id, one]));
    return members.flatMap(({ id, role, createdAt }) => {
      const person = byId.get(id);
      return person === undefined ? [] : [{ ...person, role: roleOf(role), createdAt }];
    });
  }

  /** One owner at least stays: nobody could make another. */
  async function keepOwner(tx: DrizzleTransaction, { tenantId }: TenantScope, id: string): Promise<void> {
    await tx.select().from(tenant).where(eq(tenant.tenantId, tenantId)).for('update');
    const owned = and(eq(membership.tenantId, tenantId), eq(membership.role, 'owner'));
    const owners = await tx.select({ id: membership.accountId }).from(membership).where(owned);
    if (owners.length === 1 && owners[0]?.id === id) {
      throw new TarsierError('users/last-owner', 'id: this is the only owner; make another one first', { field: 'id' });
    }
  }

  const one = ({ tenantId }: TenantScope, id: string) =>
    and(eq(membership.tenantId, tenantId), eq(membership.accountId, id));

  return {
    list: async (scope) => named(await within(scope, (tx) => rows(tx, scope).orderBy(membership.createdAt))),
    async setRole(scope, id, role) {
      const changed = await within(scope, async (tx) => {
        if (role !== 'owner') await keepOwner(tx, scope, id);
        return tx.update(membership).set({ role }).where(one(scope, id)).returning();
      });
      const [user] = await named(changed.map(({ accountId, ...row }) => ({ ...row, id: accountId })));
      return user;
    },
    remove: (scope, id) =>
      within(scope, async (tx) => {
        await keepOwner(tx, scope, id);
        return (await tx.delete(membership).where(one(scope, id)).returning()).length > 0;
      }),
    async invitations(scope) {
      const open = await within(scope, (tx) =>
        tx
          .select()
          .from(invitation)
          .where(and(eq(invitation.tenantId, scope.tenantId), gt(invitation.expiresAt, now())))
          .orderBy(invitation.createdAt),
      );
      return open.map(shown);
    },
    async invite(scope, { email, role, expiresAt }) {
      const token = newSecret('tsr_invite_');
      const row = { tenantId: scope.tenantId, hash: hashOf(token), email, role, createdAt: now(), expiresAt };
      await within(scope, (tx) => tx.insert(invitation).values(row));
      return { ...shown(row), token };
    },
    async uninvite(scope, id) {
      const gone = await within(scope, async (tx) => {
        const all = await tx.select().from(invitation).where(eq(invitation.tenantId, scope.tenantId));
        const found = all.find(({ hash }) => idOf(hash) === id);
        if (found === undefined) return [];
        return tx
          .delete(invitation)
          .where(and(eq(invitation.tenantId, scope.tenantId), eq(invitation.hash, found.hash)))
          .returning();
      });
      return gone.length > 0;
    },
    async invited(token) {
      const [row] = await system.db
        .select({ email: invitation.email, tenantId: tenant.tenantId, tenant: tenant.name })
        .from(invitation)
        .innerJoin(tenant, eq(tenant.tenantId, invitation.tenantId))
        .where(and(eq(invitation.hash, hashOf(token)), gt(invitation.expiresAt, now())));
      return row === undefined
        ? undefined
        : { tenant: { tenantId: row.tenantId, tenant: row.tenant }, email: row.email };
    },
    join: (token, { name, passwordHash }) =>
      system.db.transaction(async (tx) => {
        const [used] = await tx
          .delete(invitation)
          .where(and(eq(invitation.hash, hashOf(token)), gt(invitation.expiresAt, now())))
          .returning();
        if (used === undefined) return undefined;
        const { tenantId, email, role } = used;
        const [owner] = await tx.select().from(tenant).where(eq(tenant.tenantId, tenantId));
        if (owner === undefined) return undefined;
        const fresh = { id: randomUUID(), email, name, passwordHash, createdAt: now() };
        await tx.insert(account).values(fresh).onConflictDoNothing();
        const [person] = await tx.select().from(account).where(eq(account.email, email));
        if (person === undefined) throw new Error('an account that was just made is not there');
        await tx
          .insert(membership)
          .values({ tenantId, accountId: person.id, role, createdAt: now() })
          .onConflictDoUpdate({
            target: [membership.tenantId, membership.accountId],
            set: { role },
            // An invitation makes no less of an owner.
            setWhere: ne(membership.role, 'owner'),
          });
        return {
          tenant: { tenantId, tenant: owner.name },
          user: { id: person.id, email, role: roleOf(role) },
        };
      }),
    async account(email) {
      const found = await system.db
        .select({
          id: account.id,
          passwordHash: account.passwordHash,
          role: membership.role,
          tenantId: tenant.tenantId,
          tenant: tenant.name,
        })
        .from(account)
        .leftJoin(membership, eq(membership.accountId, account.id))
        .leftJoin(tenant, and(eq(tenant.tenantId, membership.tenantId), isNull(tenant.suspendedAt)))
        .where(eq(account.email, email))
        .orderBy(tenant.tenantId);
      const [first] = found;
      if (first === undefined) return undefined;
      const tenants = found.flatMap(({ tenantId, tenant: name, role }) =>
        tenantId === null || name === null || role === null
          ? []
          : [{ tenant: { tenantId, tenant: name }, role: roleOf(role) }],
      );
      return { id: first.id, email, passwordHash: first.passwordHash, tenants };
    },
  };
}

function shown({ hash, email, role, createdAt, expiresAt }: typeof invitation.$inferSelect): Invitation {
  return { id: idOf(hash), email, role: roleOf(role), createdAt, expiresAt };
}

/** What is kept was checked when it came; what is not known any more may do the least. */
function roleOf(text: string): Role {
  return roles.find((known) => known === text) ?? 'viewer';
}
