import { randomBytes } from 'node:crypto';
import type { UnixMs } from '@tarsier/protocol';
import type { Database } from './database.ts';

/** Keys of all collectors together, each made when it is first needed. */
export interface SigningKeys {
  /** 32 bytes. */
  ensure(name: string, now: UnixMs): Promise<Buffer>;
}

export function createSigningKeys({ system: { sql } }: Database): SigningKeys {
  return {
    async ensure(name, now) {
      const made = randomBytes(32).toString('base64url');
      await sql`
        insert into signing_key (name, secret, created_at) values (${name}, ${made}, ${now}) on conflict do nothing`;
      const [row] = await sql<{ secret: string }[]>`select secret from signing_key where name = ${name}`;
      return Buffer.from(row?.secret ?? made, 'base64url');
    },
  };
}
