import { z } from 'zod';
import { defineOperations, many, unixMs } from './operation.ts';

/** What a user may do in a tenant, from the most to the least. */
export const roles = ['owner', 'admin', 'editor', 'on-call', 'viewer'] as const;
export type Role = (typeof roles)[number];
export const roleSchema = z.enum(roles);

const email = z
  .string()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+$/u, 'expected an e-mail address')
  .transform((text) => text.toLowerCase());
export const newPasswordSchema = z.string().min(12, 'expected at least 12 characters').max(200);

const codeSchema = z
  .string()
  .max(40)
  .optional()
  .describe('Six digits of the authenticator, or a recovery code, of one who has a second factor.');

export const userSchema = z
  .object({ id: z.string(), email: z.string(), name: z.string(), role: roleSchema, createdAt: unixMs })
  .meta({ id: 'User' });
export type User = z.infer<typeof userSchema>;

export const invitationSchema = z
  .object({ id: z.string(), email: z.string(), role: roleSchema, createdAt: unixMs, expiresAt: unixMs })
  .meta({ id: 'Invitation' });
export type Invitation = z.infer<typeof invitationSchema>;

export const invitedSchema = invitationSchema.extend({ token: z.string().describe('Shown only here.') });
export const invitationBodySchema = z.strictObject({
  email,
  role: roleSchema,
  expiresInMs: z
    .number()
    .int()
    .min(60_000)
    .max(30 * 86_400_000)
    .default(7 * 86_400_000),
});

const signedIn = z.object({
  tenant: z.string(),
  user: z.object({ id: z.string(), email: z.string(), role: roleSchema }),
});

export const userOperations = defineOperations({
  'GET /v1/users': {
    summary: 'Users of the tenant and their roles',
    tag: 'users',
    scope: 'admin',
    status: 200,
    answer: z.object({ users: many(userSchema) }),
  },
  'PUT /v1/users/{id}': {
    summary: "Changes a user's role",
    description: 'Only owners make owners, and take that from them; one owner stays.',
    tag: 'users',
    scope: 'admin',
    body: z.strictObject({ role: roleSchema }),
    status: 200,
    answer: userSchema,
    refusals: [404, 409],
  },
  'DELETE /v1/users/{id}': {
    summary: 'Takes a user out of the tenant; sessions end within ten seconds',
    tag: 'users',
    scope: 'admin',
    status: 204,
    refusals: [404, 409],
  },
  'GET /v1/invitations': {
    summary: 'Invitations that nobody has accepted yet',
    tag: 'users',
    scope: 'admin',
    status: 200,
    answer: z.object({ invitations: many(invitationSchema) }),
  },
  'POST /v1/invitations': {
    summary: 'Invites somebody: who has the token may become a user',
    tag: 'users',
    scope: 'admin',
    body: invitationBodySchema,
    status: 201,
    answer: invitedSchema,
    secret: true,
  },
  'DELETE /v1/invitations/{id}': {
    summary: 'Takes an invitation back',
    tag: 'users',
    scope: 'admin',
    status: 204,
    refusals: [404],
  },
  'POST /v1/invitations/accept': {
    summary: 'Becomes a user, and signs in',
    description: 'Who is a user of another tenant already gives the password that is known here.',
    tag: 'users',
    scope: 'public',
    body: z.strictObject({
      token: z.string().max(200),
      name: z.string().min(1).max(200),
      password: newPasswordSchema,
      code: codeSchema,
    }),
    status: 201,
    answer: signedIn,
    secret: true,
  },
  'POST /v1/sign-in': {
    summary: 'Signs in with a password',
    description:
      'Answers with the cookie of a session. Who has a second factor is told `auth/second-factor`, and asks again with a code. Too many tries for an address or from one are refused for a while.',
    tag: 'session',
    scope: 'public',
    body: z.strictObject({
      email,
      password: z.string().max(200),
      tenant: z.string().max(200).optional().describe('Of one who belongs to several.'),
      code: codeSchema,
    }),
    status: 200,
    answer: signedIn,
    secret: true,
  },
});
