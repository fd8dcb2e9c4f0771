import { expect, test } from 'vitest';
import { matchTotp, newRecoveryCodes, newTotpSecret, recoveryHash, totpCode, totpStep, totpUri } from './totp.ts';

/** RFC 6238, appendix B: the secret `12345678901234567890`, of the eight digits the last six. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('at %i s the code is %s, as RFC 6238 has it', (seconds, code) => {
  expect(totpCode(secret, totpStep(seconds * 1_000))).toBe(code);
});

test('a code counts half a minute before and after its own, and no longer', () => {
  const now = 1_111_111_111_000;
  const step = totpStep(now);
  const at = (offset: number) => matchTotp(secret, totpCode(secret, step + offset), now);
  expect([-2, -1, 0, 1, 2].map(at)).toEqual([undefined, step - 1, step, step + 1, undefined]);
  for (const code of ['', '50471', '0504711', 'abcdef', '０５０４７１'])
    expect(matchTotp(secret, code, now)).toBeUndefined();
});

test('secrets are 160 bits that authenticators read; recovery codes differ, and count however they are typed', () => {
  expect(newTotpSecret()).toMatch(/^[A-Z2-7]{32}$/u);
  expect(new URL(totpUri(secret, 'ann+ops@acme.example')).searchParams.get('secret')).toBe(secret);
  const codes = newRecoveryCodes();
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) {
    expect(code).toMatch(/^(?:[a-z2-7]{4}-){3}[a-z2-7]{4}$/u);
    expect(recoveryHash(` ${code.toUpperCase().replaceAll('-', ' ')}`)).toBe(recoveryHash(code));
  }
});
