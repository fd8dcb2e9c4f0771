import { and, eq, gt, lt } from 'drizzle-orm';
import type { UnixMs } from '@tarsier/protocol';
import { roles, type Role } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { hashOf, newSecret } from './keys.ts';
import { account, membership, session, signInCode, tenant } from './schema.ts';

export interface SessionRow {
  readonly tenant: TenantScope;
  readonly user: { readonly id: string; readonly email: string; readonly role: Role };
  readonly expiresAt: UnixMs;
}

/** Who followed the link that a start prints: whoever can read that may do all. */
const localOwner = { id: 'local', email: 'local', role: 'owner' } as const;

export interface Sessions {
  /** A code for one sign-in within `ttlMs`. */
  createSignInCode(scope: TenantScope, ttlMs: number, now: UnixMs): Promise<string>;
  /** Uses the code up. @returns the session's token, or undefined when the code is unknown, used or expired */
  redeem(
    code: string,
    ttlMs: number,
    now: UnixMs,
  ): Promise<{ readonly token: string; readonly tenant: TenantScope } | undefined>;
  /** A session of a user. @returns its token */
  create(scope: TenantScope, accountId: string, ttlMs: number, now: UnixMs): Promise<string>;
  /** Whose it is; undefined once that user is no longer one of the tenant's. */
  find(token: string, now: UnixMs): Promise<SessionRow | undefined>;
  end(token: string): Promise<void>;
}

export function createSessions({ system }: Database): Sessions {
  return {
    async createSignInCode({ tenantId }, ttlMs, now) {
      const code = newSecret('');
      await system.db.delete(signInCode).where(lt(signInCode.expiresAt, now));
      await system.db.insert(signInCode).values({ tenantId, hash: hashOf(code), expiresAt: now + ttlMs });
      return code;
    },
    redeem: (code, ttlMs, now) =>
      system.db.transaction(async (tx) => {
        const [used] = await tx
          .delete(signInCode)
          .where(eq(signInCode.hash, hashOf(code)))
          .returning();
        if (used === undefined || used.expiresAt <= now) return undefined;
        const { tenantId } = used;
        const [owner] = await tx.select().from(tenant).where(eq(tenant.tenantId, tenantId));
        if (owner === undefined) return undefined;
        const token = newSecret('');
        await tx.delete(session).where(lt(session.expiresAt, now));
        await tx.insert(session).values({ tenantId, hash: hashOf(token), expiresAt: now + ttlMs });
        return { token, tenant: { tenantId, tenant: owner.name } };
      }),
    async create({ tenantId }, accountId, ttlMs, now) {
      const token = newSecret('');
      await system.db.insert(session).values({ tenantId, accountId, hash: hashOf(token), expiresAt: now + ttlMs });
      return token;
    },
    async find(token, now) {
      const [row] = await system.db
        .select({
          tenantId: tenant.tenantId,
          tenant: tenant.name,
          expiresAt: session.expiresAt,
          accountId: session.accountId,
          email: account.email,
          role: membership.role,
        })
        .from(session)
        .innerJoin(tenant, eq(tenant.tenantId, session.tenantId))
        .leftJoin(
          membership,
          and(eq(membership.tenantId, session.tenantId), eq(membership.accountId, session.accountId)),
        )
        .leftJoin(account, eq(account.id, membership.accountId))
        .where(and(eq(session.hash, hashOf(token)), gt(session.expiresAt, now)));
      if (row === undefined) return undefined;
      const { tenantId, tenant: name, expiresAt, accountId, email } = row;
      const found = { tenant: { tenantId, tenant: name }, expiresAt };
      if (accountId === null) return { ...found, user: localOwner };
      const role = roles.find((known) => known === row.role);
      return role === undefined || email === null ? undefined : { ...found, user: { id: accountId, email, role } };
    },
    async end(token) {
      await system.db.delete(session).where(eq(session.hash, hashOf(token)));
    },
  };
}
