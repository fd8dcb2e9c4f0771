import { desc, lt } from 'drizzle-orm';
import type { UnixMs } from '@tarsier/protocol';
import type { Database } from './database.ts';
import { tokenKey } from './schema.ts';

/** A pair of keys that tokens are signed with. */
export interface TokenKey {
  readonly kid: string;
  /** The private key as a JWK. */
  readonly jwk: Readonly<Record<string, string>>;
  readonly createdAt: UnixMs;
}

/** Of all collectors together, and of no tenant. */
export interface TokenKeys {
  /** Newest first. */
  list(): Promise<readonly TokenKey[]>;
  add(key: TokenKey): Promise<void>;
  /** Forgets those that were made before. */
  expire(before: UnixMs): Promise<void>;
}

export function createTokenKeys({ system: { db } }: Database): TokenKeys {
  return {
    list: () => db.select().from(tokenKey).orderBy(desc(tokenKey.createdAt), desc(tokenKey.kid)),
    async add({ jwk, ...key }) {
      await db.insert(tokenKey).values({ ...key, jwk: { ...jwk } });
    },
    async expire(before) {
      await db.delete(tokenKey).where(lt(tokenKey.createdAt, before));
    },
  };
}
