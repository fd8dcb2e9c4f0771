import { createHash, randomBytes } from 'node:crypto';
import { and, desc, eq, gt, isNull, or, sql } from 'drizzle-orm';
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { apiKey, tenant } from './schema.ts';

/** What a key may do. `write` includes `read`; `admin` all of the tenant, `operator` all tenants. */
export type KeyScope = 'ingest' | 'read' | 'write' | 'admin' | 'operator';

/** What keys begin with, so that scanners for leaked secrets know them. */
export const keyPrefix = 'tsr_';

export const keyScopes: readonly KeyScope[] = ['ingest', 'read', 'write', 'admin', 'operator'];

export interface FoundKey {
  readonly tenant: TenantScope;
  readonly scope: KeyScope;
  /** Of the key, and what it is called. */
  readonly id: string;
  readonly name: string;
  /** The only host that it may ship for; absent for any. */
  readonly host?: string;
  readonly expiresAt?: UnixMs;
}

/** A key as it may be shown. */
export interface KeyRow {
  /** Names it; the beginning of its hash. */
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  readonly lastFour: string;
  readonly host: string | null;
  readonly createdAt: UnixMs;
  readonly expiresAt: UnixMs | null;
  /** To the minute. */
  readonly lastUsedAt: UnixMs | null;
  readonly revokedAt: UnixMs | null;
}

export interface NewKey {
  readonly name: string;
  readonly scope: KeyScope;
  readonly expiresAt?: UnixMs | undefined;
}

export interface Keys {
  /** @returns the key itself: `tsr_` and 32 random characters; it is not kept and can't be shown again */
  create(scope: TenantScope, key: NewKey): Promise<string>;
  /** Whose key it is, and what it may do; undefined for one that is revoked or expired. Takes no tenant: it is how the tenant becomes known. */
  find(key: string): Promise<FoundKey | undefined>;
  /** @throws when it is not one of the tenant's */
  of(scope: TenantScope, key: string): Promise<KeyRow>;
  /** The newest first. */
  list(scope: TenantScope): Promise<readonly KeyRow[]>;
  /**
   * A new key that may do what the old one may, until when that may; the old one ends at `oldEndsAt`.
   *
   * @returns undefined when there is none of that id in use
   */
  rotate(
    scope: TenantScope,
    id: string,
    oldEndsAt: UnixMs,
  ): Promise<{ readonly key: string; readonly old: KeyRow } | undefined>;
  /** Ends keys for good, by their id or by their host. @returns those that it ended */
  revoke(scope: TenantScope, which: { readonly id: string } | { readonly host: string }): Promise<readonly KeyRow[]>;
}

export function createKeys({ within, system }: Database, now: () => number): Keys {
  return {
    async create(owner, { name, scope, expiresAt = null }) {
      const key = newSecret(keyPrefix);
      const { tenantId } = owner;
      await within(owner, (tx) =>
        tx.insert(apiKey).values({ tenantId, ...keyValues(key), name, scope, expiresAt, createdAt: now() }),
      );
      return key;
    },
    async find(key) {
      const hash = hashOf(key);
      const [row] = await system.db
        .select({ key: apiKey, tenant: tenant.name })
        .from(apiKey)
        .innerJoin(tenant, eq(tenant.tenantId, apiKey.tenantId))
        .where(and(eq(apiKey.hash, hash), isUsable(now()), isNull(tenant.suspendedAt)));
      const scope = keyScopes.find((known) => known === row?.key.scope);
      if (row === undefined || scope === undefined) return undefined;
      const { tenantId, host, name, expiresAt, lastUsedAt } = row.key;
      const owner = { tenantId, tenant: row.tenant };
      if (lastUsedAt === null || now() - lastUsedAt >= usedMs) {
        await within(owner, (tx) =>
          tx
            .update(apiKey)
            .set({ lastUsedAt: now() })
            .where(and(eq(apiKey.tenantId, tenantId), eq(apiKey.hash, hash))),
        );
      }
      const limits = { ...(host === null ? {} : { host }), ...(expiresAt === null ? {} : { expiresAt }) };
      return { tenant: owner, scope, id: idOf(row.key.hash), name, ...limits };
    },
    rotate: (scope, id, oldEndsAt) =>
      within(scope, async (tx) => {
        const [old] = await tx
          .select()
          .from(apiKey)
          .where(and(eq(apiKey.tenantId, scope.tenantId), eq(idOfKey, id), isUsable(now())))
          .for('update');
        if (old === undefined) return undefined;
        const key = newSecret(keyPrefix);
        await tx.insert(apiKey).values({ ...old, ...keyValues(key), createdAt: now(), lastUsedAt: null });
        const expiresAt = Math.min(oldEndsAt, old.expiresAt ?? Infinity);
        await tx
          .update(apiKey)
          .set({ expiresAt })
          .where(and(eq(apiKey.tenantId, scope.tenantId), eq(apiKey.hash, old.hash)));
        return { key, old: toRow({ ...old, expiresAt }) };
      }),
    async of(scope, key) {
      const [row] = await within(scope, (tx) =>
        tx
          .select()
          .from(apiKey)
          .where(and(eq(apiKey.tenantId, scope.tenantId), eq(apiKey.hash, hashOf(key)))),
      );
      if (row === undefined) throw new Error('a key that was just made is not there');
      return toRow(row);
    },
    async list(scope) {
      const rows = await within(scope, (tx) =>
        tx.select().from(apiKey).where(eq(apiKey.tenantId, scope.tenantId)).orderBy(desc(apiKey.createdAt)),
      );
      return rows.map(toRow);
    },
    async revoke(scope, which) {
      const chosen = 'id' in which ? eq(idOfKey, which.id) : eq(apiKey.host, which.host);
      const rows = await within(scope, (tx) =>
        tx
          .update(apiKey)
          .set({ revokedAt: now() })
          .where(and(eq(apiKey.tenantId, scope.tenantId), isNull(apiKey.revokedAt), chosen))
          .returning(),
      );
      return rows.map(toRow);
    },
  };
}

const idBytes = 6;
const idOfKey = sql<string>`encode(substring(${apiKey.hash} for ${sql.raw(String(idBytes))}), 'hex')`;

/** How exactly it is known when a key was last used: each use would be a write. */
const usedMs = 60_000;

const isUsable = (now: UnixMs) =>
  and(isNull(apiKey.revokedAt), or(isNull(apiKey.expiresAt), gt(apiKey.expiresAt, now)));

function toRow({ hash, ...row }: typeof apiKey.$inferSelect): KeyRow {
  const { name, scope, lastFour, host, createdAt, expiresAt, lastUsedAt, revokedAt } = row;
  return { id: idOf(hash), name, scope, lastFour, host, createdAt, expiresAt, lastUsedAt, revokedAt };
}

/** Names a key without telling it. */
export function idOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex', 0, idBytes);
}

/** What is kept of a key. */
export function keyValues(key: string): { readonly hash: Uint8Array; readonly lastFour: string } {
  return { hash: hashOf(key), lastFour: key.slice(-4) };
}

/** 192 random bits: a plain hash is enough to keep it, since there is nothing to guess. */
export function newSecret(prefix: string): string {
  return prefix + randomBytes(24).toString('base64url');
}

export function hashOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}
