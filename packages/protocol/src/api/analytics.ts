import { z } from 'zod';
import { day, defineOperations, many } from './operation.ts';

/** What amounts are added up by. */
export const analyticsKeys = ['day', 'host', 'agent', 'model', 'job'] as const;
export type AnalyticsKey = (typeof analyticsKeys)[number];

const analyticsParameters = z.object({
  from: day.exactOptional().describe('First day, UTC; 29 days before the last one unless given.'),
  to: day.exactOptional().describe('Last day, included; today unless given.'),
  by: z.enum(analyticsKeys).default('day'),
});

const amounts = z.record(z.string(), z.number());

const analytics = z
  .object({
    from: z.string(),
    to: z.string(),
    by: z.enum(analyticsKeys),
    units: z.record(z.string(), z.string()).describe('Of each amount.'),
    totals: amounts.describe('Of all days; of `series` and `stored_bytes` the most of a day.'),
    rows: many(z.object({ key: z.string().describe('Day, host, agent, model or type of job.'), amounts })).describe(
      'By key. What is of no host, agent, model or job is in none of these, and in the totals all the same.',
    ),
    unpriced: many(z.string()).describe('Models that were used and have no price: their cost is missing.'),
  })
  .meta({ id: 'Analytics' });
export type Analytics = z.infer<typeof analytics>;

export const analyticsOperations = defineOperations({
  'GET /v1/analytics': {
    summary: 'What the tenant measured, was told, ran and spent: by day, host, agent, model or type of job',
    description:
      'The facts of `/v1/usage`, added up, with alerts, incidents and anomalies beside them. `cpu_seconds` is that of jobs and queries; `cost` that of jobs and models.',
    tag: 'analytics',
    scope: 'read',
    query: analyticsParameters,
    status: 200,
    answer: analytics,
  },
  'GET /v1/analytics/csv': {
    summary: 'The same as CSV',
    tag: 'analytics',
    scope: 'read',
    query: analyticsParameters,
    status: 200,
    answer: { types: ['text/csv'] },
  },
});
