/** One-time codes by time: RFC 6238 with SHA-1, 6 digits and 30 s, which is what every authenticator can do. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { UnixMs } from '@tarsier/protocol';

const stepMs = 30_000;
const digits = 6;
/** Clocks differ, and typing takes a while: the code before and the next one count as well. */
const around = [0, -1, 1] as const;
/** 160 bits, as RFC 4226 wants. */
const secretBytes = 20;
const recoveryCount = 10;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** @returns in base32, 32 characters */
export function newTotpSecret(): string {
  return base32(randomBytes(secretBytes));
}

/** Which code counts at a time. */
export function totpStep(now: UnixMs): number {
  return Math.floor(now / stepMs);
}

/** RFC 4226. @param secret  in base32 */
export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** digits).padStart(digits, '0');
}

/** @returns the step that a code is of, or undefined for one that does not count now */
export function matchTotp(secret: string, code: string, now: UnixMs): number | undefined {
  if (!/^\d{6}$/u.test(code)) return undefined;
  let found: number | undefined;
  // All of them, however soon one fits: how long it takes tells nothing.
  for (const offset of around) {
    const step = totpStep(now) + offset;
    if (timingSafeEqual(Buffer.from(totpCode(secret, step)), Buffer.from(code))) found ??= step;
  }
  return found;
}

/** What authenticators read from a QR code. https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
export function totpUri(secret: string, email: string): string {
  const label = encodeURIComponent(`Tarsier:${email}`);
  return `otpauth://totp/${label}?secret=${secret}&issuer=Tarsier&algorithm=SHA1&digits=${digits}&period=${stepMs / 1_000}`;
}

/** Each lets in once, when the authenticator is lost: 80 random bits, as `abcd-efgh-ijkl-mnop`. */
export function newRecoveryCodes(): readonly string[] {
  return Array.from({ length: recoveryCount }, () =>
    (base32(randomBytes(10)).toLowerCase().match(/.{4}/gu) ?? []).join('-'),
  );
}

/** As it is kept. However it is typed: capital letters, blanks and dashes do not matter. */
export function recoveryHash(code: string): string {
  return createHash('sha256').update(code.toLowerCase().replaceAll(/[\s-]/gu, '')).digest('hex');
}

function base32(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{5}/gu) ?? []).map((group) => alphabet.charAt(Number.parseInt(group, 2))).join('');
}

function fromBase32(text: string): Buffer {
  let bits = '';
  for (const letter of text) bits += alphabet.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from((bits.match(/.{8}/gu) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
