import { z } from 'zod';
import { defineOperations, many } from './operation.ts';

/** What can be limited, and in which unit. */
export const limitNames = [
  'requests',
  'samples',
  'series',
  'hosts',
  'bytes',
  'query-samples',
  'query-series',
  'query-seconds',
  'subscriptions',
  'jobs-waiting',
  'jobs-running',
  'money-day',
  'money-month',
] as const;
export type LimitName = (typeof limitNames)[number];

export const limitUnits: Readonly<Record<LimitName, string>> = {
  requests: 'requests per second',
  samples: 'samples per second',
  series: 'active series',
  hosts: 'hosts',
  bytes: 'stored bytes',
  'query-samples': 'samples that a query reads',
  'query-series': 'series that a query reads',
  'query-seconds': 'seconds of a query',
  subscriptions: 'live subscriptions of all connections',
  'jobs-waiting': 'jobs that wait, are delayed, blocked or held',
  'jobs-running': 'jobs that run at once',
  'money-day': 'USD that jobs may cost on a day (UTC)',
  'money-month': 'USD that jobs may cost in a month (UTC)',
};

export const limitSchema = z
  .object({
    name: z.enum(limitNames),
    key: z.string().describe('Id of the key that it counts for; empty for all of the tenant together.'),
    value: z.number(),
    unit: z.string(),
    source: z.enum(['tier', 'tenant', 'key']).describe('Whether it is of the tier, or set for this tenant or key.'),
    used: z.number().nullable().describe('How much of it is used now; null for what is used for moments.'),
  })
  .meta({ id: 'Limit' });

export const limitOperations = defineOperations({
  'GET /v1/limits': {
    summary:
      'What the tenant and its keys may use, and how much of it they do; what is not listed has no limit of its own',
    tag: 'limits',
    scope: 'read',
    status: 200,
    answer: z.object({ tier: z.string(), limits: many(limitSchema) }),
  },
  'GET /v1/cors-origins': {
    summary: 'Other sites whose pages may ask; at first none',
    tag: 'limits',
    scope: 'read',
    status: 200,
    answer: z.object({ origins: many(z.string()) }),
  },
  'PUT /v1/cors-origins': {
    summary: 'Sets which other sites may ask',
    tag: 'limits',
    scope: 'admin',
    body: z.object({
      origins: z
        .array(
          z
            .string()
            .max(300)
            .regex(/^https?:\/\/[^/\s?#@]+$/u, 'expected an origin, as in https://status.example.com'),
        )
        .max(100),
    }),
    status: 200,
    answer: z.object({ origins: many(z.string()) }),
  },
});
