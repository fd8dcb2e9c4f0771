/** Addresses of pictures that a chat may fetch without a key: each names one picture, and counts for a while. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { UnixMs } from '@tarsier/protocol';

/** Which picture: what was to be seen of an incident at a time. */
export interface PictureName {
  readonly tenantId: number;
  readonly incidentId: string;
  readonly at: UnixMs;
}

/** @returns what {@link redeem} takes; of letters, digits, `-`, `_` and one dot */
export function sign(key: Buffer, { tenantId, incidentId, at }: PictureName, expiresAt: UnixMs): string {
  const name = Buffer.from(JSON.stringify([tenantId, incidentId, at, expiresAt])).toString('base64url');
  return `${name}.${signatureOf(key, name).toString('base64url')}`;
}

/** @returns undefined for what this key has not signed, or no longer counts */
export function redeem(key: Buffer, token: string, now: UnixMs): PictureName | undefined {
  const [name = '', given = '', ...rest] = token.split('.');
  const expected = signatureOf(key, name);
  const signature = Buffer.from(given, 'base64url');
  if (rest.length > 0 || signature.length !== expected.length || !timingSafeEqual(signature, expected))
    return undefined;
  // It was signed, so it is what `sign` has written.
  const signed: unknown = JSON.parse(Buffer.from(name, 'base64url').toString());
  const [tenantId, incidentId, at, expiresAt] = signed as [number, string, UnixMs, UnixMs];
  return now < expiresAt ? { tenantId, incidentId, at } : undefined;
}

function signatureOf(key: Buffer, name: string): Buffer {
  return createHmac('sha256', key).update(`snapshot ${name}`).digest();
}
