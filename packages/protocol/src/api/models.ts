import { z } from 'zod';
import { defineOperations, many, unixMs } from './operation.ts';

export const modelName = z
  .string()
  .regex(/^[\w.-]{1,100}$/u, 'expected 1 to 100 letters, digits, dots, hyphens and underscores');

const modelAnswer = z
  .object({
    name: z.string(),
    version: z.int(),
    kind: z.string().describe('What it is: `forecaster`.'),
    parameters: z.record(z.string(), z.unknown()).describe('What it was trained with, and is used with.'),
    metrics: z.record(z.string(), z.number()).describe('How good it was on time that it was not trained with.'),
    seed: z.int().describe('The same data and seed give the same model.'),
    window: z.object({ from: unixMs, to: unixMs }).describe('Of the data that it was trained with.'),
    code: z.int().describe('Version of the training: another one gives another model.'),
    createdAt: unixMs,
    jobId: z.string(),
    isPromoted: z.boolean().describe('Whether it is the version that is used.'),
    promotedAt: unixMs.exactOptional(),
    bytes: z.int(),
  })
  .meta({ id: 'Model' });
export type Model = z.infer<typeof modelAnswer>;

const version = z.object({ version: z.int().min(1).max(2_147_483_647) });
const tag = 'models';

export const modelOperations = defineOperations({
  'GET /v1/models': {
    summary: 'What was learnt, the newest version of each',
    tag,
    scope: 'read',
    status: 200,
    answer: z.object({ models: many(modelAnswer) }),
  },
  'GET /v1/models/{name}': {
    summary: 'The versions of a model, newest first',
    tag,
    scope: 'read',
    status: 200,
    answer: z.object({ versions: many(modelAnswer) }),
    refusals: [404],
  },
  'POST /v1/models/{name}/promote': {
    summary: 'Makes a version the one that is used',
    tag,
    scope: 'write',
    body: version,
    status: 200,
    answer: modelAnswer,
    refusals: [404],
  },
  'POST /v1/models/{name}/rollback': {
    summary: 'Goes back to the version that was used before',
    tag,
    scope: 'write',
    status: 200,
    answer: modelAnswer,
    refusals: [404],
  },
  'POST /v1/models/{name}/delete': {
    summary: 'Deletes a version that is not used',
    tag,
    scope: 'write',
    body: version,
    status: 204,
    refusals: [404],
  },
});
