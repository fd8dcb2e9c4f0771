import { z } from 'zod';
import type { Alert, Anomaly } from '../alert.ts';
import type { AnomalyEvent } from '../anomaly-event.ts';
import { timeParameter } from './time.ts';

/** `GET /v1/alerts`. */
export const alertsParameters = z.object({
  state: z.enum(['pending', 'firing', 'resolved']).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

export interface AlertsResponse {
  readonly alerts: readonly Alert[];
}

/** `GET /v1/anomalies` and `/v1/anomalies/events`: those that overlap the time range. */
export const anomaliesParameters = z.object({
  start: timeParameter,
  end: timeParameter,
  host: z.string().max(255).optional(),
});

export interface AnomaliesResponse {
  readonly anomalies: readonly Anomaly[];
}

export interface AnomalyEventsResponse {
  readonly events: readonly AnomalyEvent[];
}
