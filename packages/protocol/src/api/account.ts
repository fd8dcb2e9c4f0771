import { z } from 'zod';
import { defineOperations, many } from './operation.ts';
import { newPasswordSchema } from './users.ts';

/** Six digits of an authenticator, or a recovery code. */
export const secondFactorSchema = z
  .string()
  .min(6)
  .max(40)
  .describe('Six digits of the authenticator, or one of the recovery codes.');

export const accountSchema = z
  .object({
    id: z.string(),
    email: z.string(),
    hasPassword: z.boolean(),
    hasTotp: z.boolean().describe('Whether signing in needs a code of an authenticator.'),
    recoveryCodesLeft: z.int(),
    issuer: z.string().nullable().describe('Where this one signs in besides; null for nowhere.'),
  })
  .meta({ id: 'Account' });
export type Account = z.infer<typeof accountSchema>;

const recoveryCodes = z.object({
  recoveryCodes: many(z.string()).describe('Each lets in once in place of a code; shown only here.'),
});

/** What one signs in with: for users alone, each for themselves. */
export const accountOperations = defineOperations({
  'GET /v1/account': {
    summary: 'What one signs in with',
    tag: 'account',
    scope: 'any',
    status: 200,
    answer: accountSchema,
  },
  'PUT /v1/account/password': {
    summary: "Changes one's password; all other sessions end",
    tag: 'account',
    scope: 'any',
    body: z.strictObject({ current: z.string().max(200), password: newPasswordSchema }),
    status: 204,
    secret: true,
  },
  'POST /v1/account/totp': {
    summary: 'Begins to set up a second factor (RFC 6238)',
    description: 'It counts once a code of it was given to `POST /v1/account/totp/confirm`.',
    tag: 'account',
    scope: 'any',
    body: z.strictObject({ password: z.string().max(200).default('').describe('Of one who has one.') }),
    status: 201,
    answer: z.object({
      secret: z.string().describe('In base32; shown only here.'),
      uri: z.string().describe('`otpauth://…`, what an authenticator reads as a QR code.'),
    }),
    refusals: [409],
    secret: true,
  },
  'POST /v1/account/totp/confirm': {
    summary: 'Turns the second factor on; from now on signing in needs it',
    tag: 'account',
    scope: 'any',
    body: z.strictObject({ code: secondFactorSchema }),
    status: 201,
    answer: recoveryCodes,
    refusals: [409],
    secret: true,
  },
  'POST /v1/account/totp/disable': {
    summary: 'Turns the second factor off, which takes a fresh code of it',
    tag: 'account',
    scope: 'any',
    body: z.strictObject({ code: secondFactorSchema }),
    status: 204,
    refusals: [409],
    secret: true,
  },
  'POST /v1/account/recovery-codes': {
    summary: 'Makes new recovery codes in place of the former ones, which takes a fresh code',
    tag: 'account',
    scope: 'any',
    body: z.strictObject({ code: secondFactorSchema }),
    status: 201,
    answer: recoveryCodes,
    refusals: [409],
    secret: true,
  },
  'GET /v1/sign-in-policy': {
    summary: 'What signing in to the tenant takes',
    tag: 'account',
    scope: 'read',
    status: 200,
    answer: z.object({ requireTotp: z.boolean() }),
  },
  'PUT /v1/sign-in-policy': {
    summary: 'Sets what signing in to the tenant takes; of users only owners may',
    description:
      'With `requireTotp`, who signed in with a password alone may do nothing but set up a second factor. Who signs in at another issuer has what that one asks for.',
    tag: 'account',
    scope: 'admin',
    owner: true,
    body: z.strictObject({ requireTotp: z.boolean() }),
    status: 200,
    answer: z.object({ requireTotp: z.boolean() }),
  },
});
