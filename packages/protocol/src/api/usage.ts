import { z } from 'zod';
import { defineOperations, many } from './operation.ts';

const day = z.iso.date('expected a day, as in 2026-11-30');

const usageParameters = z
  .object({
    from: day.describe('First day, UTC.'),
    to: day.describe('Last day, included.'),
    host: z.string().max(255).exactOptional(),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'expected a day at or after from' });

export const usageOperations = defineOperations({
  'GET /v1/usage': {
    summary: 'What was used, by day and host: samples, series, bytes, queries and their CPU seconds',
    description:
      'Samples, batches and received bytes are counted in the transaction that stores or puts them away; series and stored bytes are the largest that were measured on the day.',
    tag: 'usage',
    scope: 'read',
    query: usageParameters,
    status: 200,
    answer: z.object({
      usage: many(
        z.object({
          day: z.string(),
          host: z.string().describe('Empty for what is of no host, or of hosts that were deleted.'),
          what: z.string(),
          amount: z.number(),
          unit: z.string(),
        }),
      ),
    }),
  },
  'GET /v1/usage/csv': {
    summary: 'The same as CSV',
    tag: 'usage',
    scope: 'read',
    query: usageParameters,
    status: 200,
    answer: { types: ['text/csv'] },
  },
});
