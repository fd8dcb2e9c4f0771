import { z } from 'zod';
import type { Decision, Incident } from '../incident.ts';
import { notificationSchema, type NotificationRecord } from './notification.ts';
import { defineOperations, many, next, pageParameters } from './operation.ts';
import { decisionSchema, incidentSchema, severitySchema } from './shapes.ts';

/** `GET /v1/incidents`. */
const incidentsParameters = z.object({
  status: z.enum(['open', 'resolved']).exactOptional(),
  severity: severitySchema.exactOptional(),
  assignee: z.string().max(200).exactOptional(),
  /** `priority`: the highest first; else the newest first. */
  sort: z.enum(['newest', 'priority']).default('newest'),
  ...pageParameters,
});
export type IncidentFilter = z.output<typeof incidentsParameters>;

export interface IncidentsResponse {
  readonly incidents: readonly Incident[];
}

const by = z.string().min(1).max(200).exactOptional();

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

/** `GET /v1/notifications` and `GET /v1/notifications/unsent`, newest first. */
const notificationsParameters = z.object({
  incident: z.string().max(100).exactOptional(),
  channel: z.string().max(200).exactOptional(),
  ...pageParameters,
});
export type NotificationFilter = z.output<typeof notificationsParameters>;

const unsentParameters = z.object({ reason: z.string().max(50).exactOptional(), ...pageParameters });
export type UnsentFilter = z.output<typeof unsentParameters>;

export interface NotificationsResponse {
  readonly notifications: readonly NotificationRecord[];
}

export interface UnsentResponse {
  readonly unsent: readonly Decision[];
}

/** `GET /v1/notifications/summary`: the last so many days. */
const summaryParameters = z.object({ days: z.coerce.number().min(0.01).max(400).default(7) });

export interface NotificationSummary {
  /** Beginnings and ends of alerts: what there would be to send without any of this, to each channel. */
  readonly changes: number;
  /** Those that a notification was sent for. */
  readonly told: number;
  /** 1 - told / changes, without those that no channel would have heard of; 0 where there are no others. */
  readonly noiseReduction: number;
  /** How many were told, or not, for which reason. */
  readonly reasons: readonly { readonly reason: string; readonly told: boolean; readonly count: number }[];
}

const summaryAnswer: z.ZodType<NotificationSummary> = z.object({
  changes: z.int(),
  told: z.int(),
  noiseReduction: z.number(),
  reasons: many(z.object({ reason: z.string(), told: z.boolean(), count: z.int() })),
});

export const incidentOperations = defineOperations({
  'GET /v1/incidents': {
    summary: 'What people are told of, newest or most important first',
    tag: 'incidents',
    scope: 'read',
    query: incidentsParameters,
    status: 200,
    answer: z.object({ incidents: many(incidentSchema), next }),
  },
  'POST /v1/incidents/{id}/{kind}': {
    summary: 'Acknowledges, assigns, snoozes, comments, resolves or judges an incident',
    description:
      '`kind` is one of acknowledge, unacknowledge, assign, snooze, comment, resolve, feedback; the body has what it needs.',
    tag: 'incidents',
    scope: 'write',
    onCall: true,
    body: z.record(z.string(), z.unknown()),
    status: 200,
    answer: incidentSchema,
    refusals: [409],
  },
  'GET /v1/notifications': {
    summary: 'What was sent, newest first',
    tag: 'notifications',
    scope: 'read',
    query: notificationsParameters,
    status: 200,
    answer: z.object({ notifications: many(notificationSchema), next }),
  },
  'GET /v1/notifications/unsent': {
    summary: 'What was not sent and why, newest first',
    tag: 'notifications',
    scope: 'read',
    query: unsentParameters,
    status: 200,
    answer: z.object({ unsent: many(decisionSchema), next }),
  },
  'GET /v1/notifications/summary': {
    summary: 'How much noise was spared in the last days',
    tag: 'notifications',
    scope: 'read',
    query: summaryParameters,
    status: 200,
    answer: summaryAnswer,
  },
});
