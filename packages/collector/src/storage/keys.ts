import { createHash, randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { apiKey, tenant } from './schema.ts';

/** What a key may do. `admin` includes all, `write` includes `read`. */
export type KeyScope = 'ingest' | 'read' | 'write' | 'admin';

export const keyScopes: readonly KeyScope[] = ['ingest', 'read', 'write', 'admin'];

export interface Keys {
  /** @returns the key itself: `tsr_` and 32 random characters; it is not kept and can't be shown again */
  create(scope: TenantScope, key: { readonly name: string; readonly scope: KeyScope }): Promise<string>;
  /** Whose key it is, and what it may do. Takes no tenant: it is how the tenant becomes known. */
  find(key: string): Promise<{ readonly tenant: TenantScope; readonly scope: KeyScope } | undefined>;
}

export function createKeys({ db }: Database, now: () => number): Keys {
  return {
    async create({ tenantId }, { name, scope }) {
      const key = newSecret('tsr_');
      await db
        .insert(apiKey)
        .values({ tenantId, hash: hashOf(key), name, scope, lastFour: key.slice(-4), createdAt: now() });
      return key;
    },
    async find(key) {
      const [row] = await db
        .select({ tenantId: apiKey.tenantId, tenant: tenant.name, scope: apiKey.scope })
        .from(apiKey)
        .innerJoin(tenant, eq(tenant.tenantId, apiKey.tenantId))
        .where(eq(apiKey.hash, hashOf(key)));
      const scope = keyScopes.find((known) => known === row?.scope);
      if (row === undefined || scope === undefined) return undefined;
      return { tenant: { tenantId: row.tenantId, tenant: row.tenant }, scope };
    },
  };
}

/** 192 random bits: a plain hash is enough to keep it, since there is nothing to guess. */
export function newSecret(prefix: string): string {
  return prefix + randomBytes(24).toString('base64url');
}

export function hashOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}
