import { z } from 'zod';
import { defineOperations, many } from './operation.ts';

/** `GET /v1/cardinality`: how long its lists may be. */
const cardinalityParameters = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(20),
});

/** What a tenant's series are made of; each list with the most first. */
export interface CardinalityResponse {
  readonly series: number;
  /** Series by metric. */
  readonly metrics: readonly { readonly name: string; readonly series: number }[];
  /** Labels by how many values they have; `bytes` is how long these are together. */
  readonly labels: readonly {
    readonly name: string;
    readonly values: number;
    readonly series: number;
    readonly bytes: number;
  }[];
  /** Series by label and value. */
  readonly pairs: readonly { readonly name: string; readonly value: string; readonly series: number }[];
  /** Series by host; what rules record without a host is of none. */
  readonly hosts: readonly { readonly name: string; readonly series: number }[];
  /** Different values of all labels, names of metrics among them. */
  readonly values: number;
}

const cardinalitySchema: z.ZodType<CardinalityResponse> = z.object({
  series: z.int(),
  metrics: many(z.object({ name: z.string(), series: z.int() })),
  labels: many(z.object({ name: z.string(), values: z.int(), series: z.int(), bytes: z.int() })),
  pairs: many(z.object({ name: z.string(), value: z.string(), series: z.int() })),
  hosts: many(z.object({ name: z.string(), series: z.int() })),
  values: z.int(),
});

export const cardinalityOperations = defineOperations({
  'GET /v1/cardinality': {
    summary: 'What the series are made of: by metric, host, label and value',
    tag: 'series',
    scope: 'read',
    query: cardinalityParameters,
    status: 200,
    answer: cardinalitySchema,
  },
});
