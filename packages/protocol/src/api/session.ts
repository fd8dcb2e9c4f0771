import { z } from 'zod';
import { defineOperations, many, next, pageParameters, unixMs } from './operation.ts';
import { roleSchema } from './users.ts';

/** How a session began: with a password, with a second factor as well, at another issuer, by the link of a start. */
export const sessionFactors = ['password', 'totp', 'oidc', 'link'] as const;
export type SessionFactor = (typeof sessionFactors)[number];

const sessionSchema = z
  .object({
    id: z.string().describe('The beginning of its hash.'),
    createdAt: unixMs,
    expiresAt: unixMs,
    lastUsedAt: unixMs.nullable().describe('To the minute.'),
    factor: z.enum(sessionFactors),
    agent: z.string().describe('What the browser called itself.'),
    address: z.string().describe('Network address that it began from.'),
    current: z.boolean().describe('Whether it is the one that asks.'),
  })
  .meta({ id: 'Session' });

export const sessionOperations = defineOperations({
  'GET /v1/session': {
    summary: 'Who one is',
    description:
      'A session of scope `none` may do nothing but set up a second factor (`POST /v1/account/totp`), which its tenant wants.',
    tag: 'session',
    scope: 'any',
    status: 200,
    answer: z.object({
      tenant: z.string(),
      scope: z.enum(['none', 'ingest', 'read', 'write', 'admin', 'operator', 'view']),
      by: z.enum(['key', 'session', 'token']),
      user: z.object({ id: z.string(), email: z.string(), role: roleSchema }).exactOptional(),
    }),
  },
  'DELETE /v1/session': { summary: 'Signs out', tag: 'session', scope: 'any', status: 204 },
  'GET /v1/sessions': {
    summary: "One's own sessions in this tenant, the newest first",
    tag: 'session',
    scope: 'any',
    query: z.object(pageParameters),
    status: 200,
    answer: z.object({ sessions: many(sessionSchema), next }),
  },
  'DELETE /v1/sessions/{id}': {
    summary: "Ends one of one's own sessions, within ten seconds",
    tag: 'session',
    scope: 'any',
    status: 204,
    refusals: [404],
  },
  'GET /v1/sign-in': {
    summary: 'How one can sign in here',
    tag: 'session',
    scope: 'public',
    status: 200,
    answer: z.object({
      providers: many(
        z.object({ id: z.string(), name: z.string(), href: z.string().describe('Where a browser goes to begin.') }),
      ),
    }),
  },
});
