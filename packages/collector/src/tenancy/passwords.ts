/** Passwords as they are kept: scrypt, with as much memory as OWASP asks for, and its numbers beside the hash. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { atMost } from '../at-most.ts';

/** N = 2^15, r = 8, p = 3: 32 MiB, as strong as 2^17 with p = 1. */
const cost = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 2 ** 20 } as const;
const bytes = 32;
/** Each takes 32 MiB and a thread for a moment: more at once would be a way to hurt. */
const inTurn = atMost(2);

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Takes as long where there is no hash: whether somebody is known is not told by the time. */
export async function verifyPassword(password: string, kept: string | null | undefined): Promise<boolean> {
  const [, , , , salt = '', hash = ''] = (kept ?? '').split('$');
  const derived = await derive(password, Buffer.from(salt, 'base64url'));
  const expected = Buffer.alloc(bytes);
  Buffer.from(hash, 'base64url').copy(expected);
  return timingSafeEqual(derived, expected) && hash !== '';
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  // The same text typed on another keyboard is the same password.
  const text = password.normalize('NFKC');
  return inTurn(
    () =>
      new Promise((resolve, reject) => {
        scrypt(text, salt, bytes, cost, (error, key) => (error === null ? resolve(key) : reject(error)));
      }),
  );
}
