/** How samples come in; docs/wire-format.md and docs/doors.md have the bodies. */
import { z } from 'zod';
import { batchContentType } from '../batch.ts';
import { defineOperations } from './operation.ts';

const hostParameters = {
  host: z.string().max(255).exactOptional().describe('Host of what names none.'),
  hostLabel: z.array(z.string().max(200)).max(10).exactOptional().describe('Labels that name the host.'),
};
const importAnswer = z.object({ stored: z.int() });

export const sampleOperations = defineOperations({
  'POST /v1/ingest': {
    summary: 'A batch of an agent',
    tag: 'samples',
    scope: 'ingest',
    body: { types: [batchContentType] },
    status: 204,
    refusals: [409],
  },
  'POST /v1/import/prometheus': {
    summary: 'Samples as Prometheus text or OpenMetrics, to fill in what was',
    tag: 'samples',
    scope: 'ingest',
    query: z.object(hostParameters),
    repeated: ['hostLabel'],
    body: { types: ['text/plain', 'application/openmetrics-text'] },
    status: 200,
    answer: importAnswer,
  },
  'POST /v1/import/json': {
    summary: 'Samples as JSON lines, to fill in what was',
    tag: 'samples',
    scope: 'ingest',
    query: z.object(hostParameters),
    repeated: ['hostLabel'],
    body: { types: ['application/x-ndjson', 'application/json'] },
    status: 200,
    answer: importAnswer,
  },
  'POST /v1/import/csv': {
    summary: 'Samples as CSV, to fill in what was',
    tag: 'samples',
    scope: 'ingest',
    query: z.object({
      ...hostParameters,
      metric: z.array(z.string().max(200)).max(1_000).exactOptional().describe('Columns that are a metric each.'),
    }),
    repeated: ['hostLabel', 'metric'],
    body: { types: ['text/csv'] },
    status: 200,
    answer: importAnswer,
  },
  'POST /v1/metrics': {
    summary: 'Metrics of OpenTelemetry (OTLP over HTTP)',
    tag: 'samples',
    scope: 'ingest',
    query: z.object(hostParameters),
    repeated: ['hostLabel'],
    body: { types: ['application/x-protobuf', 'application/json'] },
    status: 200,
    answer: { types: ['application/x-protobuf', 'application/json'] },
    foreign: true,
  },
});
