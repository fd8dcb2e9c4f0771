/** What a person signs in with. Of no tenant: one account may belong to several. */
import { and, eq, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import { account } from './schema.ts';

export interface Credential {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string | null;
  /** In base32; null without a second factor. */
  readonly totpSecret: string | null;
  /** One that was shown and is not confirmed yet. */
  readonly totpPending: string | null;
  readonly recoveryHashes: readonly string[];
  readonly issuer: string | null;
  readonly subject: string | null;
}

export interface Accounts {
  get(id: string): Promise<Credential | undefined>;
  byIssuer(issuer: string, subject: string): Promise<Credential | undefined>;
  /** From now on that one at the issuer is this one. @returns false when it is somebody already */
  link(id: string, issuer: string, subject: string): Promise<boolean>;
  setPassword(id: string, passwordHash: string): Promise<void>;
  beginTotp(id: string, secret: string): Promise<void>;
  /** What was begun counts from now on. @param step  of the code that was given */
  confirmTotp(id: string, step: number, recoveryHashes: readonly string[]): Promise<boolean>;
  /** @returns false when a code of that time, or a later one, was used before */
  useTotpStep(id: string, step: number): Promise<boolean>;
  /** @returns whether it was one that is left */
  useRecovery(id: string, hash: string): Promise<boolean>;
  setRecovery(id: string, recoveryHashes: readonly string[]): Promise<void>;
  endTotp(id: string): Promise<void>;
}

const columns = {
  id: account.id,
  email: account.email,
  passwordHash: account.passwordHash,
  totpSecret: account.totpSecret,
  totpPending: account.totpPending,
  recoveryHashes: account.recoveryHashes,
  issuer: account.issuer,
  subject: account.subject,
};

export function createAccounts({ system: { db } }: Database): Accounts {
  return {
    async get(id) {
      const [row] = await db.select(columns).from(account).where(eq(account.id, id));
      return row;
    },
    async byIssuer(issuer, subject) {
      const [row] = await db
        .select(columns)
        .from(account)
        .where(and(eq(account.issuer, issuer), eq(account.subject, subject)));
      return row;
    },
    async link(id, issuer, subject) {
      const linked = await db
        .update(account)
        .set({ issuer, subject })
        .where(and(eq(account.id, id), isNull(account.issuer)))
        .returning({ id: account.id });
      return linked.length > 0;
    },
    async setPassword(id, passwordHash) {
      await db.update(account).set({ passwordHash }).where(eq(account.id, id));
    },
    async beginTotp(id, totpPending) {
      await db.update(account).set({ totpPending }).where(eq(account.id, id));
    },
    async confirmTotp(id, totpStep, recoveryHashes) {
      const confirmed = await db
        .update(account)
        .set({ totpSecret: account.totpPending, totpPending: null, totpStep, recoveryHashes: [...recoveryHashes] })
        .where(and(eq(account.id, id), isNotNull(account.totpPending)))
        .returning({ id: account.id });
      return confirmed.length > 0;
    },
    async useTotpStep(id, totpStep) {
      // One statement: of two that come at once with the same code one is too late.
      const used = await db
        .update(account)
        .set({ totpStep })
        .where(and(eq(account.id, id), isNotNull(account.totpSecret), lt(account.totpStep, totpStep)))
        .returning({ id: account.id });
      return used.length > 0;
    },
    async useRecovery(id, hash) {
      const used = await db
        .update(account)
        .set({ recoveryHashes: sql`array_remove(${account.recoveryHashes}, ${hash}::text)` })
        .where(and(eq(account.id, id), sql`${hash}::text = any(${account.recoveryHashes})`))
        .returning({ id: account.id });
      return used.length > 0;
    },
    async setRecovery(id, recoveryHashes) {
      await db
        .update(account)
        .set({ recoveryHashes: [...recoveryHashes] })
        .where(eq(account.id, id));
    },
    async endTotp(id) {
      await db
        .update(account)
        .set({ totpSecret: null, totpPending: null, recoveryHashes: [] })
        .where(eq(account.id, id));
    },
  };
}
