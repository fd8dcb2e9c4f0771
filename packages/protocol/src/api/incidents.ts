import { z } from 'zod';
import type { Decision, Incident, Message } from '../incident.ts';
import type { UnixMs } from '../sample.ts';

/** `GET /v1/incidents`. */
export const incidentsParameters = z.object({
  status: z.enum(['open', 'resolved']).optional(),
  /** `priority`: the highest first; else the newest first. */
  sort: z.enum(['newest', 'priority']).default('newest'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

export interface IncidentsResponse {
  readonly incidents: readonly Incident[];
}

const by = z.string().min(1).max(200).optional();

/** `POST /v1/incidents/:id/KIND`: what a person does about an incident. */
export const incidentActionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('acknowledge'), by }),
  z.object({ kind: z.literal('unacknowledge'), by }),
  z.object({ kind: z.literal('assign'), by, assignee: z.string().max(200) }),
  z.object({ kind: z.literal('snooze'), by, until: z.int() }),
  z.object({ kind: z.literal('comment'), by, text: z.string().min(1).max(10_000) }),
  z.object({ kind: z.literal('resolve'), by }),
  z.object({ kind: z.literal('feedback'), by, verdict: z.enum(['useful', 'noise']) }),
]);
export type IncidentAction = z.infer<typeof incidentActionSchema>;

/** One notification to one channel, and how far it has come. */
export interface NotificationRecord {
  readonly id: string;
  readonly channelId: string;
  readonly incidentId: string;
  readonly createdAt: UnixMs;
  readonly state: 'waiting' | 'sent' | 'given-up';
  readonly attempts: number;
  readonly sentAt?: UnixMs;
  readonly error?: string;
  readonly message: Message;
}

/** `GET /v1/notifications` and `GET /v1/notifications/unsent`, newest first. */
export const notificationsParameters = z.object({
  reason: z.string().max(50).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

export interface NotificationsResponse {
  readonly notifications: readonly NotificationRecord[];
}

export interface UnsentResponse {
  readonly unsent: readonly Decision[];
}

/** `GET /v1/notifications/summary`: the last so many days. */
export const summaryParameters = z.object({ days: z.coerce.number().min(0.01).max(400).default(7) });

export interface NotificationSummary {
  /** Beginnings and ends of alerts: what there would be to send without any of this, to each channel. */
  readonly changes: number;
  /** Those that a notification was sent for. */
  readonly told: number;
  /** 1 - told / changes; 0 without changes. */
  readonly noiseReduction: number;
  /** How many were told, or not, for which reason. */
  readonly reasons: readonly { readonly reason: string; readonly told: boolean; readonly count: number }[];
}
