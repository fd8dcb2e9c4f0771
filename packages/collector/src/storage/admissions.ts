/** How somebody whom another issuer knows gets into a tenant. */
import { randomUUID } from 'node:crypto';
import { roles, type Role } from '@tarsier/protocol/api';
import type { UnixMs } from '@tarsier/protocol';
import { and, eq, gt, isNull } from 'drizzle-orm';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { account, invitation, membership, tenant } from './schema.ts';

export interface OpenInvitation {
  readonly tenant: TenantScope;
  readonly role: Role;
  readonly hash: Uint8Array;
}

export interface Admissions {
  /** Invitations of that address, which nobody has accepted; the oldest first. */
  invitationsOf(email: string): Promise<readonly OpenInvitation[]>;
  /**
   * Makes somebody a user of a tenant, and an account where there is none.
   *
   * @param invitation  is used up
   * @returns the account's id; undefined when the invitation was used meanwhile
   */
  admit(
    scope: TenantScope,
    person: { readonly email: string; readonly name: string; readonly role: Role },
    invitation?: OpenInvitation,
  ): Promise<string | undefined>;
}

export function createAdmissions({ system }: Database, now: () => UnixMs): Admissions {
  return {
    async invitationsOf(email) {
      const rows = await system.db
        .select({ hash: invitation.hash, role: invitation.role, tenantId: tenant.tenantId, tenant: tenant.name })
        .from(invitation)
        .innerJoin(tenant, eq(tenant.tenantId, invitation.tenantId))
        .where(and(eq(invitation.email, email), gt(invitation.expiresAt, now()), isNull(tenant.suspendedAt)))
        .orderBy(invitation.createdAt);
      return rows.map(({ hash, role, ...scope }) => ({
        hash,
        tenant: scope,
        role: roles.find((known) => known === role) ?? 'viewer',
      }));
    },
    admit: ({ tenantId }, { email, name, role }, invited) =>
      system.db.transaction(async (tx) => {
        if (invited !== undefined) {
          const used = await tx
            .delete(invitation)
            .where(and(eq(invitation.tenantId, tenantId), eq(invitation.hash, invited.hash)))
            .returning();
          if (used.length === 0) return undefined;
        }
        await tx
          .insert(account)
          .values({ id: randomUUID(), email, name, passwordHash: null, createdAt: now() })
          .onConflictDoNothing();
        const [person] = await tx.select({ id: account.id }).from(account).where(eq(account.email, email));
        if (person === undefined) throw new Error('an account that was just made is not there');
        await tx
          .insert(membership)
          .values({ tenantId, accountId: person.id, role, createdAt: now() })
          .onConflictDoNothing();
        return person.id;
      }),
  };
}
