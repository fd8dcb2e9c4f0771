import { z } from 'zod';
import { defineOperations } from './operation.ts';
import { selectorSchema } from './query.ts';
import { timeParameter } from './time.ts';

/** A month, so that one series is never more than memory has room for. */
const longestExportMs = 31 * 86_400_000;

const wanted = 'expected a selector: match[]={host="db-1"}';

/** `GET /v1/export/:format`. */
const exportParameters = z
  .object({
    /** Series that any of them matches. */
    'match[]': z.array(selectorSchema, wanted).min(1, wanted).max(100),
    start: timeParameter,
    end: timeParameter.exactOptional().describe('Included; now unless given.'),
  })
  .transform(({ end = Date.now(), ...asked }) => ({ ...asked, end }))
  .refine(({ start, end }) => start <= end, { path: ['end'], message: 'expected a time at or after start' })
  .refine(({ start, end }) => end - start <= longestExportMs, {
    path: ['start'],
    message: 'expected at most 31 days before end; ask for more in parts',
  });

export const exportOperations = defineOperations({
  'GET /v1/export/{format}': {
    summary: 'Raw samples as text: prometheus, openmetrics, csv or json',
    description: 'The answer is sent as it is read; one that breaks off is not whole.',
    tag: 'samples',
    scope: 'read',
    query: exportParameters,
    repeated: ['match[]'],
    status: 200,
    answer: { types: ['text/plain', 'application/openmetrics-text', 'text/csv', 'application/x-ndjson'] },
  },
});
