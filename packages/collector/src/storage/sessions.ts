import { and, eq, gt, lt } from 'drizzle-orm';
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { hashOf, newSecret } from './keys.ts';
import { session, signInCode, tenant } from './schema.ts';

export interface Sessions {
  /** A code for one sign-in within `ttlMs`. */
  createSignInCode(scope: TenantScope, ttlMs: number, now: UnixMs): Promise<string>;
  /** Uses the code up. @returns the session's token, or undefined when the code is unknown, used or expired */
  redeem(
    code: string,
    ttlMs: number,
    now: UnixMs,
  ): Promise<{ readonly token: string; readonly tenant: TenantScope } | undefined>;
  find(token: string, now: UnixMs): Promise<TenantScope | undefined>;
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
    async find(token, now) {
      const [row] = await system.db
        .select({ tenantId: tenant.tenantId, tenant: tenant.name })
        .from(session)
        .innerJoin(tenant, eq(tenant.tenantId, session.tenantId))
        .where(and(eq(session.hash, hashOf(token)), gt(session.expiresAt, now)));
      return row;
    },
    async end(token) {
      await system.db.delete(session).where(eq(session.hash, hashOf(token)));
    },
  };
}
