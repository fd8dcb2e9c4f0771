import { z } from 'zod';
import { defineOperations, many, next, pageParameters, unixMs } from './operation.ts';

export const keyScopeSchema = z.enum(['ingest', 'read', 'write', 'admin', 'operator']);

/** Longest life of a token, and that which it has where none is asked for, ms. */
export const tokenLimits = { maxTtlMs: 3_600_000, accessTtlMs: 900_000, viewTtlMs: 600_000 } as const;

export const keySchema = z
  .object({
    id: z.string().describe('The beginning of its hash.'),
    name: z.string(),
    scope: z.string(),
    prefix: z.string().describe('What every key begins with.'),
    lastFour: z.string(),
    host: z.string().nullable().describe('The only host that it may ship for.'),
    createdAt: unixMs,
    expiresAt: unixMs.nullable(),
    lastUsedAt: unixMs.nullable().describe('To the minute.'),
    revokedAt: unixMs.nullable(),
  })
  .meta({ id: 'Key' });

const secretKey = keySchema.extend({ key: z.string().describe('Shown only here.') });
const ttl = (otherwise: number) => z.number().int().min(10_000).max(tokenLimits.maxTtlMs).default(otherwise);
const issued = z.object({ token: z.string().describe('A JWT; shown only here.'), expiresAt: unixMs });

export const keyOperations = defineOperations({
  'GET /v1/keys': {
    summary: 'Keys of the tenant, the newest first; never the keys themselves',
    tag: 'keys',
    scope: 'admin',
    query: z.object(pageParameters),
    status: 200,
    answer: z.object({ keys: many(keySchema), next }),
  },
  'POST /v1/keys': {
    summary: 'Makes a key',
    description: 'Nobody makes a key that may do more than they may themselves.',
    tag: 'keys',
    scope: 'admin',
    body: z.strictObject({
      name: z.string().min(1).max(200),
      scope: keyScopeSchema,
      expiresInMs: z
        .number()
        .int()
        .min(60_000)
        .max(5 * 366 * 86_400_000)
        .optional(),
    }),
    status: 201,
    answer: secretKey,
    secret: true,
  },
  'GET /v1/keys/{id}': {
    summary: 'One key',
    tag: 'keys',
    scope: 'admin',
    status: 200,
    answer: keySchema,
    refusals: [404],
  },
  'DELETE /v1/keys/{id}': {
    summary: 'Ends a key for good, within ten seconds',
    tag: 'keys',
    scope: 'admin',
    status: 204,
    refusals: [404],
  },
  'POST /v1/keys/{id}/rotate': {
    summary: 'Makes a key that may do the same, and lets the old one end',
    tag: 'keys',
    scope: 'admin',
    body: z.strictObject({
      overlapMs: z
        .number()
        .int()
        .min(0)
        .max(30 * 86_400_000)
        .default(86_400_000)
        .describe('How long the old one goes on, ms.'),
    }),
    status: 201,
    answer: secretKey,
    refusals: [404],
    secret: true,
  },
  'POST /v1/tokens': {
    summary: 'Makes a token that stands for who asks, for a while',
    tag: 'keys',
    scope: 'read',
    body: z.strictObject({
      scope: keyScopeSchema.optional().describe('What it may do, at most what who asks may; absent: the same.'),
      expiresInMs: ttl(tokenLimits.accessTtlMs),
    }),
    status: 201,
    answer: issued,
    secret: true,
  },
  'POST /v1/view-tokens': {
    summary: 'Makes a token that shows some series to pages of some sites, for minutes',
    tag: 'keys',
    scope: 'write',
    body: z.strictObject({
      selectors: z.array(z.string().min(1).max(1_000)).min(1).max(20).describe('PromQL selectors.'),
      origins: z
        .array(z.string().regex(/^https?:\/\/[^/\s?#@]{1,255}$/u, 'expected an origin, as in https://www.example.com'))
        .min(1)
        .max(20),
      expiresInMs: ttl(tokenLimits.viewTtlMs),
    }),
    status: 201,
    answer: issued,
    secret: true,
  },
});
