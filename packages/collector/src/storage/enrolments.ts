/** How hosts come in: tokens, which machine each host is, and the one key that each has. */
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { hashOf, keyValues, newSecret } from './keys.ts';
import { apiKey, enrolledHost, enrolToken, tenant } from './schema.ts';

export interface EnrolledHost {
  readonly host: string;
  /** Hashes by kind. */
  readonly identity: Readonly<Record<string, string>>;
}

/** Why a token lets nobody in. */
export type TokenFault =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'expired'; readonly at: UnixMs }
  | { readonly kind: 'used'; readonly by: string | null };

export interface Enrolments {
  /** @returns the token itself: `tsr_enrol_` and 32 random characters; it is not kept and can't be shown again */
  createToken(
    scope: TenantScope,
    token: { readonly name: string; readonly expiresAt: UnixMs; readonly uses: number },
  ): Promise<string>;
  /**
   * Uses the token once and gives a host a new key; the keys that it had end. One enrolment of a tenant at a time.
   *
   * @param choose  which host it is, from all that are enrolled; what it throws leaves everything as it was, the token too
   */
  enrol(
    token: string,
    choose: (tenant: TenantScope, enrolled: readonly EnrolledHost[]) => Promise<EnrolledHost>,
  ): Promise<{ readonly tenant: TenantScope; readonly host: string; readonly key: string } | TokenFault>;
}

/** How long it can still be said why a token is no longer good. */
const rememberMs = 7 * 86_400_000;

export function createEnrolments({ system, within }: Database, now: () => UnixMs): Enrolments {
  return {
    async createToken(scope, { name, expiresAt, uses }) {
      const token = newSecret('tsr_enrol_');
      await system.db.delete(enrolToken).where(lt(enrolToken.expiresAt, now() - rememberMs));
      const createdAt = now();
      const { tenantId } = scope;
      const row = { tenantId, hash: hashOf(token), name, createdAt, expiresAt, usesLeft: uses };
      await within(scope, (tx) => tx.insert(enrolToken).values(row));
      return token;
    },

    enrol: (token, choose) =>
      system.db.transaction(async (tx) => {
        const isToken = eq(enrolToken.hash, hashOf(token));
        const [used] = await tx
          .update(enrolToken)
          .set({ usesLeft: sql`${enrolToken.usesLeft} - 1` })
          .where(and(isToken, gt(enrolToken.usesLeft, 0), gt(enrolToken.expiresAt, now())))
          .returning({ tenantId: enrolToken.tenantId });
        if (used === undefined) {
          const [row] = await tx.select().from(enrolToken).where(isToken);
          return faultOf(row);
        }
        const { tenantId } = used;
        // The tenant's row is the lock: two machines must not both become the host that neither saw.
        const [owner] = await tx.select().from(tenant).where(eq(tenant.tenantId, tenantId)).for('update');
        if (owner === undefined) return { kind: 'unknown' };
        const scope = { tenantId, tenant: owner.name };
        const enrolled = await tx
          .select({ host: enrolledHost.host, identity: enrolledHost.identity })
          .from(enrolledHost)
          .where(eq(enrolledHost.tenantId, tenantId))
          .orderBy(enrolledHost.enrolledAt);
        const { host, identity } = await choose(scope, enrolled);

        const row = { identity: { ...identity }, enrolledAt: now() };
        await tx
          .insert(enrolledHost)
          .values({ tenantId, host, ...row })
          .onConflictDoUpdate({ target: [enrolledHost.tenantId, enrolledHost.host], set: row });
        await tx.update(enrolToken).set({ usedBy: host }).where(isToken);
        await tx
          .update(apiKey)
          .set({ revokedAt: now() })
          .where(and(eq(apiKey.tenantId, tenantId), eq(apiKey.host, host), isNull(apiKey.revokedAt)));
        const key = newSecret('tsr_');
        const values = { name: `host ${host}`, scope: 'ingest', host, createdAt: now() };
        await tx.insert(apiKey).values({ tenantId, ...keyValues(key), ...values });
        return { tenant: scope, host, key };
      }),
  };
}

function faultOf(row: typeof enrolToken.$inferSelect | undefined): TokenFault {
  if (row === undefined) return { kind: 'unknown' };
  if (row.usesLeft === 0) return { kind: 'used', by: row.usedBy };
  return { kind: 'expired', at: row.expiresAt };
}
