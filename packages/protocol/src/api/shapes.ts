/** Schemas of what several answers are made of. The types beside the domain's words have the comments. */
import { z } from 'zod';
import { severities, type Alert, type Anomaly } from '../alert.ts';
import type { AnomalyEvent } from '../anomaly-event.ts';
import type { Decision, Incident, Message, Priority, Telling } from '../incident.ts';
import { labels, many, unixMs } from './operation.ts';

export const severitySchema = z.enum(severities);

export const alertSchema: z.ZodType<Alert> = z
  .object({
    id: z.string(),
    ruleId: z.string(),
    name: z.string().describe("The rule's name, as in `alertname`."),
    severity: severitySchema,
    host: z.string(),
    metric: z.string(),
    labels,
    state: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('pending'), since: unixMs, value: z.number() }),
      z.object({ kind: z.literal('firing'), since: unixMs, value: z.number(), calmSince: unixMs.exactOptional() }),
      z.object({ kind: z.literal('resolved'), since: unixMs, value: z.number(), resolvedAt: unixMs }),
    ]),
    reason: z.string().describe('What was measured, against which bound, since when.'),
    annotations: labels.exactOptional(),
    shadowUntil: unixMs.exactOptional(),
    isAnomaly: z.boolean().exactOptional(),
  })
  .meta({ id: 'Alert' });

export const anomalySchema: z.ZodType<Anomaly> = z
  .object({
    id: z.string(),
    host: z.string(),
    metric: z.string(),
    labels,
    detector: z.string(),
    start: unixMs,
    end: unixMs.exactOptional(),
    peakScore: z.number().describe('In robust standard deviations; of other detectors than zscore their surprise.'),
    peakAt: unixMs,
    value: z.number(),
    expected: z.number(),
    low: z.number().exactOptional(),
    high: z.number().exactOptional(),
    reason: z.string(),
    contributors: many(
      z.object({ metric: z.string(), labels, share: z.number().describe('Of how unusual they are together, 0 to 1.') }),
    ).exactOptional(),
  })
  .meta({ id: 'Anomaly' });

export const anomalyEventSchema: z.ZodType<AnomalyEvent> = z
  .object({
    id: z.string(),
    host: z.string(),
    labels: labels.exactOptional().describe('What all of its series have in common.'),
    start: unixMs,
    end: unixMs.exactOptional(),
    peakAt: unixMs,
    peakSurprise: z.number().describe('-log10 of the chance that one step of the past is so unusual.'),
    page: z.boolean().exactOptional(),
    feedbackOffset: z.number().exactOptional(),
    peakRatio: z.number().describe('Share of series that were unusual at the peak, 0 to 1.'),
    detectors: many(z.string()),
    seriesCount: z.int(),
    contributors: many(
      z.object({
        metric: z.string(),
        labels,
        detectors: many(z.string()),
        since: unixMs,
        strength: z.number(),
        peakScore: z.number(),
        peakAt: unixMs,
        value: z.number(),
        expected: z.number(),
        low: z.number(),
        high: z.number(),
      }),
    ),
    reason: z.string(),
  })
  .meta({ id: 'AnomalyEvent' });

const prioritySchema: z.ZodType<Priority> = z
  .object({
    score: z.number().describe('0 to 100: the sum of its parts.'),
    parts: many(
      z.object({
        name: z.enum(['severity', 'breadth', 'strength', 'novelty', 'feedback', 'hour']),
        points: z.number(),
        why: z.string(),
      }),
    ),
  })
  .meta({ id: 'Priority' });

const tellReasonSchema = z.enum([
  'first',
  'more',
  'worse',
  'again',
  'repeat',
  'flapping',
  'escalated',
  'late',
  'resolved',
]);

export const holdReasonSchema = z.enum([
  'grouped',
  'deduplicated',
  'inhibited',
  'silenced',
  'maintenance',
  'shadow',
  'waiting',
  'cooldown',
  'flapping',
  'acknowledged',
  'snoozed',
  'severity',
  'out-of-hours',
  'no-channel',
  'rate-limit',
  'closed',
  'never-told',
]);

const tellingSchema: z.ZodType<Telling> = z.object({
  count: z.int(),
  status: z.enum(['nothing', 'firing', 'resolved']),
  at: unixMs,
  since: unixMs,
  severity: severitySchema,
  step: z.int(),
  owed: many(z.string()),
});

export const incidentSchema: z.ZodType<Incident> = z
  .object({
    id: z.string(),
    route: z.string(),
    status: z.enum(['open', 'resolved']),
    title: z.string(),
    severity: severitySchema,
    labels,
    openedAt: unixMs,
    grownAt: unixMs,
    changedAt: unixMs,
    resolvedAt: unixMs.exactOptional(),
    firing: z.int(),
    total: z.int(),
    hostCount: z.int(),
    hosts: many(z.string()),
    alerts: many(alertSchema),
    priority: prioritySchema,
    acknowledged: z.object({ by: z.string(), at: unixMs }).exactOptional(),
    assignee: z.string().exactOptional(),
    snoozedUntil: unixMs.exactOptional(),
    closedBy: z.string().exactOptional(),
    feedback: z.enum(['useful', 'noise']).exactOptional(),
    reopenedAt: many(unixMs),
    flappingSince: unixMs.exactOptional(),
    telling: tellingSchema,
    entries: z.int(),
  })
  .meta({ id: 'Incident' });

export const decisionSchema: z.ZodType<Decision> = z
  .object({
    id: z.string(),
    kind: z.enum(['alert', 'channel']),
    at: unixMs,
    incidentId: z.string(),
    subject: z.string(),
    told: z.boolean(),
    reason: z.union([tellReasonSchema, holdReasonSchema]),
    detail: z.string(),
  })
  .meta({ id: 'Decision' });

export const messageSchema: z.ZodType<Message> = z
  .object({
    reason: tellReasonSchema,
    status: z.enum(['firing', 'resolved']),
    why: z.string(),
    incident: incidentSchema,
  })
  .meta({ id: 'Message' });
