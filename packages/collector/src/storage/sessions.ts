import { and, desc, eq, gt, isNull, lt, ne, or } from 'drizzle-orm';
import { roles, type Role, type SessionFactor } from '@tarsier/protocol/api';
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { hashOf, idOf, newSecret } from './keys.ts';
import { account, membership, session, signInCode, tenant } from './schema.ts';

export interface SessionRow {
  readonly tenant: TenantScope;
  readonly user: { readonly id: string; readonly email: string; readonly role: Role };
  readonly expiresAt: UnixMs;
  /** Names it, without opening it. */
  readonly id: string;
  readonly factor: SessionFactor;
  /** Whether the tenant wants a second factor that this session has not shown. */
  readonly lacksFactor: boolean;
}

/** How and where it began. */
export interface SessionOrigin {
  readonly factor: SessionFactor;
  readonly agent: string;
  readonly address: string;
}

/** A session as it may be shown. */
export interface ShownSession extends SessionOrigin {
  readonly id: string;
  readonly createdAt: UnixMs;
  readonly expiresAt: UnixMs;
  /** To the minute. */
  readonly lastUsedAt: UnixMs | null;
}

/** Who followed the link that a start prints: whoever can read that may do all. */
export const localOwner = { id: 'local', email: 'local', role: 'owner' } as const;

/** How exactly it is known when one was last used: each use would be a write. */
const usedMs = 60_000;
const unknownOrigin: SessionOrigin = { factor: 'password', agent: '', address: '' };

export interface Sessions {
  /** A code for one sign-in within `ttlMs`. */
  createSignInCode(scope: TenantScope, ttlMs: number, now: UnixMs): Promise<string>;
  /** Uses the code up. @returns the session's token, or undefined when the code is unknown, used or expired */
  redeem(
    code: string,
    ttlMs: number,
    now: UnixMs,
    origin?: Omit<SessionOrigin, 'factor'>,
  ): Promise<{ readonly token: string; readonly tenant: TenantScope } | undefined>;
  /** A session of a user. @returns its token */
  create(scope: TenantScope, accountId: string, ttlMs: number, now: UnixMs, origin?: SessionOrigin): Promise<string>;
  /** Whose it is; undefined once that user is no longer one of the tenant's, or the tenant is suspended. */
  find(token: string, now: UnixMs): Promise<SessionRow | undefined>;
  end(token: string): Promise<void>;
  /** Those of a user in the tenant, the newest first. */
  list(scope: TenantScope, userId: string, now: UnixMs): Promise<readonly ShownSession[]>;
  /** @returns whether that user had one of that id */
  revoke(scope: TenantScope, userId: string, id: string): Promise<boolean>;
  /** Ends all others of a user, in every tenant: whoever had the password has no session any more. */
  endOthers(accountId: string, keepToken: string): Promise<void>;
}

export function createSessions({ system, within }: Database): Sessions {
  const ofUser = ({ tenantId }: TenantScope, userId: string) =>
    and(
      eq(session.tenantId, tenantId),
      userId === localOwner.id ? isNull(session.accountId) : eq(session.accountId, userId),
    );
  return {
    async createSignInCode({ tenantId }, ttlMs, now) {
      const code = newSecret('');
      await system.db.delete(signInCode).where(lt(signInCode.expiresAt, now));
      await system.db.insert(signInCode).values({ tenantId, hash: hashOf(code), expiresAt: now + ttlMs });
      return code;
    },
    redeem: (code, ttlMs, now, { agent, address } = unknownOrigin) =>
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
        const row = { tenantId, hash: hashOf(token), expiresAt: now + ttlMs, createdAt: now };
        await tx.insert(session).values({ ...row, factor: 'link', agent, address });
        return { token, tenant: { tenantId, tenant: owner.name } };
      }),
    async create({ tenantId }, accountId, ttlMs, now, origin = unknownOrigin) {
      const token = newSecret('');
      const row = { tenantId, accountId, hash: hashOf(token), expiresAt: now + ttlMs, createdAt: now };
      await system.db.insert(session).values({ ...row, ...origin });
      return token;
    },
    async find(token, now) {
      const [row] = await system.db
        .select({
          session,
          tenant: tenant.name,
          requireTotp: tenant.requireTotp,
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
        .where(and(eq(session.hash, hashOf(token)), gt(session.expiresAt, now), isNull(tenant.suspendedAt)));
      if (row === undefined) return undefined;
      const { tenant: name, requireTotp, email } = row;
      const { tenantId, accountId, expiresAt, hash } = row.session;
      const role = roles.find((known) => known === row.role);
      const factor = factorOf(row.session.factor);
      const found = {
        tenant: { tenantId, tenant: name },
        expiresAt,
        id: idOf(hash),
        factor,
        lacksFactor: requireTotp && factor === 'password',
      };
      if (accountId !== null && (role === undefined || email === null)) return undefined;
      await system.db
        .update(session)
        .set({ lastUsedAt: now })
        .where(
          and(
            eq(session.tenantId, tenantId),
            eq(session.hash, hash),
            or(isNull(session.lastUsedAt), lt(session.lastUsedAt, now - usedMs)),
          ),
        );
      if (accountId === null || role === undefined || email === null) return { ...found, user: localOwner };
      return { ...found, user: { id: accountId, email, role } };
    },
    async end(token) {
      await system.db.delete(session).where(eq(session.hash, hashOf(token)));
    },
    async list(scope, userId, now) {
      const rows = await within(scope, (tx) =>
        tx
          .select()
          .from(session)
          .where(and(ofUser(scope, userId), gt(session.expiresAt, now)))
          .orderBy(desc(session.createdAt)),
      );
      return rows.map(({ hash, createdAt, expiresAt, lastUsedAt, factor, agent, address }) => ({
        id: idOf(hash),
        createdAt,
        expiresAt,
        lastUsedAt,
        factor: factorOf(factor),
        agent,
        address,
      }));
    },
    revoke: (scope, userId, id) =>
      within(scope, async (tx) => {
        const rows = await tx.select({ hash: session.hash }).from(session).where(ofUser(scope, userId));
        const found = rows.find(({ hash }) => idOf(hash) === id);
        if (found === undefined) return false;
        await tx.delete(session).where(and(ofUser(scope, userId), eq(session.hash, found.hash)));
        return true;
      }),
    async endOthers(accountId, keepToken) {
      await system.db.delete(session).where(and(eq(session.accountId, accountId), ne(session.hash, hashOf(keepToken))));
    },
  };
}

function factorOf(text: string): SessionFactor {
  return text === 'totp' || text === 'oidc' || text === 'link' ? text : 'password';
}
