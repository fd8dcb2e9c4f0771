import { z } from 'zod';
import { metricKinds } from '../metric.ts';
import { defineOperations, labels, many } from './operation.ts';
import { durationParameter, timeParameter } from './time.ts';

/** How the samples of one step become one value. `rate`: per second, counter resets accounted for. */
export const aggregationSchema = z.enum(['avg', 'min', 'max', 'sum', 'last', 'count', 'rate']);
export type Aggregation = z.infer<typeof aggregationSchema>;

/** Longest selector, characters. */
const maxSelectorLength = 4_096;

export const selectorSchema = z.string().min(1).max(maxSelectorLength);

/** `GET /v1/query_range`. Without a step the answer is the raw samples, and takes no aggregation. */
const queryRangeParameters = z
  .object({
    query: selectorSchema,
    start: timeParameter,
    end: timeParameter,
    step: durationParameter.exactOptional(),
    aggregation: aggregationSchema.exactOptional(),
  })
  .refine(({ start, end }) => start <= end, { path: ['end'], message: 'expected a time at or after start' })
  .refine(({ step, aggregation }) => step !== undefined || aggregation === undefined, {
    path: ['step'],
    message: 'expected a step, since there is an aggregation',
  });

/** `GET /v1/series`. */
const seriesParameters = z.object({ query: selectorSchema });

/** The answer, in Prometheus's matrix shape: `[Unix seconds, value as text]` per point. */
export const matrixResponse = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});
export type MatrixResponse = z.infer<typeof matrixResponse>;

const seriesSchema = z.object({ name: z.string(), labels, kind: z.enum(metricKinds), unit: z.string() });

export const queryOperations = defineOperations({
  'GET /v1/query_range': {
    summary: 'Values over time: raw samples of a selector, or any PromQL expression by step',
    tag: 'query',
    scope: 'read',
    view: true,
    query: queryRangeParameters,
    status: 200,
    answer: matrixResponse,
    refusals: [422],
  },
  'GET /v1/series': {
    summary: 'Which series a selector matches',
    tag: 'series',
    scope: 'read',
    view: true,
    query: seriesParameters,
    status: 200,
    answer: z.object({ series: many(seriesSchema) }),
    refusals: [422],
  },
});
