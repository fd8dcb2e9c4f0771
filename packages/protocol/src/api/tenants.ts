import { z } from 'zod';
import { limitNames } from './limits.ts';
import { defineOperations, many, next, pageParameters, unixMs } from './operation.ts';
import { invitationBodySchema, invitedSchema } from './users.ts';

const limitsSchema = z
  .partialRecord(z.enum(limitNames), z.number().positive().max(1e15))
  .describe('By name; what is absent has no limit of its own.');

export const tierSchema = z
  .object({
    name: z.string(),
    limits: limitsSchema,
    weight: z.number().min(0.01).max(1_000).describe("Share of its tenants' jobs beside others."),
    tenants: z.int().describe('How many have it.'),
  })
  .meta({ id: 'Tier' });
export type TierEntry = z.infer<typeof tierSchema>;

export const tenantSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    tier: z.string(),
    suspendedAt: unixMs.nullable().describe('Since when nobody gets in and nothing is taken; null: it is in use.'),
  })
  .meta({ id: 'Tenant' });
export type Tenant = z.infer<typeof tenantSchema>;

export const tenantLimitsSchema = z.object({ limits: limitsSchema }).meta({ id: 'TenantLimits' });
export type TenantLimits = z.infer<typeof tenantLimitsSchema>;

export const tenantOperations = defineOperations({
  'GET /v1/tiers': {
    summary: 'What tenants may use, by tier',
    tag: 'tenants',
    scope: 'operator',
    status: 200,
    answer: z.object({ tiers: many(tierSchema) }),
  },
  'PUT /v1/tiers/{name}': {
    summary: 'Makes a tier, or changes one for all of its tenants, within ten seconds',
    tag: 'tenants',
    scope: 'operator',
    body: z.strictObject({ limits: limitsSchema, weight: tierSchema.shape.weight.default(1) }),
    status: 200,
    answer: tierSchema,
  },
  'DELETE /v1/tiers/{name}': {
    summary: 'Deletes a tier that no tenant has',
    tag: 'tenants',
    scope: 'operator',
    status: 204,
    refusals: [404, 409],
  },
  'GET /v1/tenants': {
    summary: 'All tenants, the oldest first',
    tag: 'tenants',
    scope: 'operator',
    query: z.object(pageParameters),
    status: 200,
    answer: z.object({ tenants: many(tenantSchema), next }),
  },
  'POST /v1/tenants': {
    summary: 'Makes a tenant',
    description: 'Its first owner is invited with `POST /v1/tenants/{id}/invitations`.',
    tag: 'tenants',
    scope: 'operator',
    body: z.strictObject({
      name: z.string().regex(/^[\w][\w. -]{0,62}$/u, 'expected 1 to 63 letters, digits, blanks, dots and dashes'),
      tier: z.string().max(40).default('free'),
    }),
    status: 201,
    answer: tenantSchema,
    refusals: [409],
  },
  'GET /v1/tenants/{id}': {
    summary: 'One tenant',
    tag: 'tenants',
    scope: 'operator',
    status: 200,
    answer: tenantSchema,
    refusals: [404],
  },
  'PUT /v1/tenants/{id}': {
    summary: 'Gives a tenant another tier, suspends it, or lets it in again; within ten seconds',
    description: 'Suspended: nobody signs in, keys and tokens are refused, rules rest; all that is stored stays.',
    tag: 'tenants',
    scope: 'operator',
    body: z.strictObject({ tier: z.string().max(40), suspended: z.boolean() }),
    status: 200,
    answer: tenantSchema,
    refusals: [404, 409],
  },
  'DELETE /v1/tenants/{id}': {
    summary: 'Deletes a suspended tenant with all that is stored of it',
    tag: 'tenants',
    scope: 'operator',
    status: 204,
    refusals: [404, 409],
  },
  'GET /v1/tenants/{id}/limits': {
    summary: "What a tenant may use in place of its tier's limits",
    tag: 'tenants',
    scope: 'operator',
    status: 200,
    answer: tenantLimitsSchema,
    refusals: [404],
  },
  'PUT /v1/tenants/{id}/limits': {
    summary: "Sets what a tenant may use in place of its tier's limits; what is absent is as its tier has it",
    tag: 'tenants',
    scope: 'operator',
    body: z.strictObject({ limits: limitsSchema }),
    status: 200,
    answer: tenantLimitsSchema,
    refusals: [404],
  },
  'POST /v1/tenants/{id}/invitations': {
    summary: 'Invites somebody into a tenant, as its first owner',
    tag: 'tenants',
    scope: 'operator',
    body: invitationBodySchema,
    status: 201,
    answer: invitedSchema,
    refusals: [404],
    secret: true,
  },
});
