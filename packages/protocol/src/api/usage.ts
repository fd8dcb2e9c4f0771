import { z } from 'zod';
import { day, defineOperations, many } from './operation.ts';

const usageParameters = z
  .object({
    from: day.describe('First day, UTC.'),
    to: day.describe('Last day, included.'),
    host: z.string().max(255).exactOptional(),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'expected a day at or after from' })
  .refine(({ from, to }) => Date.parse(to) - Date.parse(from) <= 400 * 86_400_000, {
    path: ['to'],
    message: 'expected at most 400 days',
  });

const usageRow = z
  .object({
    day: z.string().describe('UTC: `2026-11-30`.'),
    host: z.string().describe('Empty for what is of no host, or of hosts that were deleted.'),
    agent: z.string().describe('AI agent that called a model; empty for all else.'),
    model: z.string().describe('Model that was called; empty for all else.'),
    job: z.string().describe('Type of the jobs that ran; empty for all else.'),
    what: z.string(),
    amount: z.number().describe('Of money: whole billionths, so that sums can be made exactly.'),
    unit: z.string(),
  })
  .meta({ id: 'Usage' });
export type UsageFact = z.infer<typeof usageRow>;

export const usageOperations = defineOperations({
  'GET /v1/usage': {
    summary: 'What was used, by day and host, agent, model or type of job, and what it cost',
    description:
      'Samples, batches and received bytes are counted in the transaction that stores or puts them away, jobs, their CPU seconds and their cost in the one that ends a run; series and stored bytes are the largest that were measured on the day. Calls, tokens and cost of models are what agents have counted, by the price table.',
    tag: 'usage',
    scope: 'read',
    query: usageParameters,
    status: 200,
    answer: z.object({ usage: many(usageRow) }),
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
