import { z } from 'zod';

/** Every refusal and failure: https://www.rfc-editor.org/rfc/rfc9457, `application/problem+json`. */
export const problemSchema = z
  .object({
    type: z.string().describe('Where the error is described, relative to the collector.'),
    title: z.string().describe('What the code means.'),
    status: z.int(),
    detail: z.string().describe('For people: what came, and what was expected.'),
    code: z.string().describe('`room/what`, stable, for programs: docs/errors.md lists them.'),
    field: z.string().exactOptional().describe('The offending field, where one is to blame.'),
    limit: z.string().exactOptional().describe('The limit that was reached.'),
    retryable: z.boolean().describe('Whether the same request may succeed later.'),
    requestId: z.string().describe('As in the `x-request-id` header, and in the log.'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;
export const problemType = 'application/problem+json';
