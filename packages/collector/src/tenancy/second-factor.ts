/** What somebody shows besides a password: a code of an authenticator, or one of the codes that stand in for it. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { Credential } from '../storage/accounts.ts';
import type { Storage } from '../storage/storage.ts';
import type { Attempts } from './attempts.ts';
import { matchTotp, recoveryHash } from './totp.ts';

/** @throws {TarsierError} `auth/code` unless the code counts now and was not used before; `auth/attempts` */
export type RequireCode = (account: Credential & { readonly totpSecret: string }, code: string) => Promise<void>;

export function createRequireCode({
  storage: { accounts },
  attempts,
  now,
}: {
  readonly storage: Pick<Storage, 'accounts'>;
  readonly attempts: Attempts;
  readonly now: () => UnixMs;
}): RequireCode {
  async function counts({ id, totpSecret }: { id: string; totpSecret: string }, code: string): Promise<boolean> {
    const digits = code.replaceAll(/\s/gu, '');
    if (!/^\d{6}$/u.test(digits)) return accounts.useRecovery(id, recoveryHash(code));
    const step = matchTotp(totpSecret, digits, now());
    return step !== undefined && accounts.useTotpStep(id, step);
  }
  return async (account, code) => {
    // Of the account, not of who asks: a million codes are few for many that try.
    const name = `code ${account.id}`;
    attempts.check([name]);
    if (await counts(account, code)) {
      attempts.succeeded(name);
      return;
    }
    attempts.failed([name]);
    throw new TarsierError('auth/code', 'code: this one does not count, or no longer', { field: 'code' });
  };
}

/** Whether an account has a second factor. */
export function hasTotp<T extends Credential>(account: T): account is T & { readonly totpSecret: string } {
  return account.totpSecret !== null;
}
