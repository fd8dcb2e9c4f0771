import { z } from 'zod';
import type { Alert, Anomaly } from '../alert.ts';
import type { AnomalyEvent } from '../anomaly-event.ts';
import { defineOperations, many, next, pageParameters } from './operation.ts';
import { alertSchema, anomalyEventSchema, anomalySchema, severitySchema } from './shapes.ts';
import { timeParameter } from './time.ts';

/** `GET /v1/alerts`, newest first. */
const alertsParameters = z.object({
  state: z.enum(['pending', 'firing', 'resolved']).exactOptional(),
  severity: severitySchema.exactOptional(),
  host: z.string().max(255).exactOptional(),
  name: z.string().max(200).exactOptional().describe('Of the rule, as in `alertname`.'),
  ...pageParameters,
});
export type AlertFilter = z.output<typeof alertsParameters>;

export interface AlertsResponse {
  readonly alerts: readonly Alert[];
}

const inRange = { start: timeParameter, end: timeParameter, host: z.string().max(255).exactOptional() };

/** Those that overlap the time range, newest first. */
const anomaliesParameters = z.object({
  ...inRange,
  detector: z.string().max(100).exactOptional(),
  ...pageParameters,
  limit: pageParameters.limit.default(1_000),
});
export type AnomalyFilter = z.output<typeof anomaliesParameters>;

const anomalyEventsParameters = z.object({
  ...inRange,
  ...pageParameters,
  limit: pageParameters.limit.default(1_000),
});
export type AnomalyEventFilter = z.output<typeof anomalyEventsParameters>;

export interface AnomaliesResponse {
  readonly anomalies: readonly Anomaly[];
}

export interface AnomalyEventsResponse {
  readonly events: readonly AnomalyEvent[];
}

export const alertOperations = defineOperations({
  'GET /v1/alerts': {
    summary: 'Alerts, newest first',
    tag: 'alerts',
    scope: 'read',
    query: alertsParameters,
    status: 200,
    answer: z.object({ alerts: many(alertSchema), next }),
  },
  'GET /v1/anomalies': {
    summary: 'Anomalies of single series in a time range, newest first',
    tag: 'anomalies',
    scope: 'read',
    query: anomaliesParameters,
    status: 200,
    answer: z.object({ anomalies: many(anomalySchema), next }),
  },
  'GET /v1/anomalies/events': {
    summary: 'What several series of a host showed together, in a time range, newest first',
    tag: 'anomalies',
    scope: 'read',
    query: anomalyEventsParameters,
    status: 200,
    answer: z.object({ events: many(anomalyEventSchema), next }),
  },
  'GET /v1/anomalies/events/{id}': {
    summary: 'One anomaly event',
    tag: 'anomalies',
    scope: 'read',
    status: 200,
    answer: anomalyEventSchema,
  },
});
