/** What a browser keeps for the collector and can neither read nor change, whichever collector it comes back to. */
import { hkdfSync } from 'node:crypto';
import type { UnixMs } from '@tarsier/protocol';
import { EncryptJWT, errors, jwtDecrypt, type JWTPayload } from 'jose';
import type { Storage } from '../../storage/storage.ts';
import type { Tokens } from '../tokens.ts';

export interface Sealer {
  seal(body: Readonly<Record<string, string>>, ttlMs: number): Promise<string>;
  /** @returns undefined for what was not sealed here, was altered, or is too old */
  open(sealed: string): Promise<JWTPayload | undefined>;
}

const encryption = { alg: 'dir', enc: 'A256GCM' } as const;

/** Keys are derived from those that tokens are signed with: all collectors have them, and they change each month. */
export function createSealer({
  storage: { tokenKeys },
  tokens,
  now,
}: {
  readonly storage: Pick<Storage, 'tokenKeys'>;
  readonly tokens: Pick<Tokens, 'keySet'>;
  readonly now: () => UnixMs;
}): Sealer {
  async function keyOf(wanted?: string): Promise<{ readonly kid: string; readonly key: Uint8Array } | undefined> {
    // Makes one where there is none.
    await tokens.keySet();
    const rows = await tokenKeys.list();
    const row = wanted === undefined ? rows[0] : rows.find(({ kid }) => kid === wanted);
    const secret = row?.jwk['d'];
    if (row === undefined || secret === undefined) return undefined;
    return { kid: row.kid, key: new Uint8Array(hkdfSync('sha256', secret, '', 'tarsier sealed cookie', 32)) };
  }
  return {
    async seal(body, ttlMs) {
      const found = await keyOf();
      if (found === undefined) throw new Error('there is no key to seal with');
      return new EncryptJWT({ ...body })
        .setProtectedHeader({ ...encryption, kid: found.kid })
        .setExpirationTime(new Date(now() + ttlMs))
        .encrypt(found.key);
    },
    async open(sealed) {
      try {
        const { payload } = await jwtDecrypt(
          sealed,
          async ({ kid = '' }) => {
            const found = await keyOf(kid);
            if (found === undefined) throw new errors.JWEInvalid('sealed with a key that is not known');
            return found.key;
          },
          {
            keyManagementAlgorithms: [encryption.alg],
            contentEncryptionAlgorithms: [encryption.enc],
            requiredClaims: ['exp'],
            currentDate: new Date(now()),
          },
        );
        return payload;
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
