import { z } from 'zod';
import { usdSchema } from './budgets.ts';
import { defineOperations } from './operation.ts';

const modelPrice = z.object({
  /** `*` stands for any text; the first one that fits counts. */
  model: z.string().min(1).max(200),
  provider: z.string().min(1).max(200).default('*'),
  /** USD for a million tokens that it reads, and that it writes. */
  input: usdSchema,
  output: usdSchema,
  /** Of those read from a cache, and written to one; as `input` unless given. */
  cachedInput: usdSchema.exactOptional(),
  cacheWrite: usdSchema.exactOptional(),
});
export type ModelPrice = z.infer<typeof modelPrice>;

/** `PUT /v1/prices`: what things cost the tenant, USD as decimal text. */
export const priceTableSchema = z
  .object({
    coreHour: usdSchema.default('0.03').describe('USD for a core of a host for an hour.'),
    gibHour: usdSchema.default('0.004').describe('USD for a GiB of its memory for an hour.'),
    models: z.array(modelPrice).max(1_000).default([]),
  })
  .meta({ id: 'PriceTable' });
export type PriceTable = z.infer<typeof priceTableSchema>;

const tag = 'budgets';

export const priceOperations = defineOperations({
  'GET /v1/prices': {
    summary: 'What hosts and models cost',
    tag,
    scope: 'read',
    status: 200,
    answer: priceTableSchema,
  },
  'PUT /v1/prices': {
    summary: 'Sets what hosts and models cost',
    tag,
    scope: 'admin',
    body: priceTableSchema,
    status: 200,
    answer: priceTableSchema,
  },
});
