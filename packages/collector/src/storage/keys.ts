import { createHash, randomBytes } from 'node:crypto';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { apiKey, tenant } from './schema.ts';

/** What a key may do. `admin` includes all, `write` includes `read`. */
export type KeyScope = 'ingest' | 'read' | 'write' | 'admin';

export const keyScopes: readonly KeyScope[] = ['ingest', 'read', 'write', 'admin'];

export interface FoundKey {
  readonly tenant: TenantScope;
  readonly scope: KeyScope;
  /** The only host that it may ship for; absent for any. */
  readonly host?: string;
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
  readonly revokedAt: UnixMs | null;
}

export interface Keys {
  /** @returns the key itself: `tsr_` and 32 random characters; it is not kept and can't be shown again */
  create(scope: TenantScope, key: { readonly name: string; readonly scope: KeyScope }): Promise<string>;
  /** Whose key it is, and what it may do; undefined for one that is revoked. Takes no tenant: it is how the tenant becomes known. */
  find(key: string): Promise<FoundKey | undefined>;
  /** The newest first. */
  list(scope: TenantScope): Promise<readonly KeyRow[]>;
  /** Ends keys for good, by their id or by their host. @returns those that it ended */
  revoke(scope: TenantScope, which: { readonly id: string } | { readonly host: string }): Promise<readonly KeyRow[]>;
}

export function createKeys({ within, system }: Database, now: () => number): Keys {
  return {
    async create(owner, { name, scope }) {
      const key = newSecret('tsr_');
      const { tenantId } = owner;
      await within(owner, (tx) =>
        tx.insert(apiKey).values({ tenantId, ...keyValues(key), name, scope, createdAt: now() }),
      );
      return key;
    },
    async find(key) {
      const [row] = await system.db
        .select({ tenantId: apiKey.tenantId, tenant: tenant.name, scope: apiKey.scope, host: apiKey.host })
        .from(apiKey)
        .innerJoin(tenant, eq(tenant.tenantId, apiKey.tenantId))
        .where(and(eq(apiKey.hash, hashOf(key)), isNull(apiKey.revokedAt)));
      const scope = keyScopes.find((known) => known === row?.scope);
      if (row === undefined || scope === undefined) return undefined;
      const { tenantId, tenant: name, host } = row;
      return { tenant: { tenantId, tenant: name }, scope, ...(host === null ? {} : { host }) };
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

function toRow({ hash, name, scope, lastFour, host, createdAt, revokedAt }: typeof apiKey.$inferSelect): KeyRow {
  return { id: Buffer.from(hash).toString('hex', 0, idBytes), name, scope, lastFour, host, createdAt, revokedAt };
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
