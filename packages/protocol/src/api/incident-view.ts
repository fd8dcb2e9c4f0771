import { z } from 'zod';
import type { AnomalyEvent } from '../anomaly-event.ts';
import type { Incident } from '../incident.ts';
import type { Labels } from '../labels.ts';
import type { UnixMs } from '../sample.ts';
import { changeEventSchema, type ChangeEvent } from './change-events.ts';
import { notificationSchema, type NotificationRecord } from './notification.ts';
import { defineOperations, labels, many, unixMs } from './operation.ts';
import { anomalyEventSchema, incidentSchema } from './shapes.ts';

/** One line of an incident's whole timeline. */
export interface TimelineLine {
  readonly at: UnixMs;
  readonly kind:
    /** It began, alerts joined or are over, it is over, it fired again. */
    | 'opened'
    | 'joined'
    | 'resolved'
    | 'reopened'
    /** It was told, or for a reason was not: the incident, one alert of it, one channel. */
    | 'told'
    | 'held'
    | 'unsent'
    /** A person did something. */
    | 'action'
    /** What was sent could not be delivered at once. */
    | 'delivery'
    /** A host was unlike its past. */
    | 'anomaly'
    /** A deployment, a job, … : see `GET /v1/events`. */
    | 'event';
  readonly text: string;
  /** A person, where one did it. */
  readonly by?: string;
  readonly host?: string;
  readonly link?: string;
}

/** `GET /v1/incidents/:id`. */
export interface IncidentResponse {
  readonly incident: Incident;
  /** Oldest first. */
  readonly timeline: readonly TimelineLine[];
  readonly notifications: readonly NotificationRecord[];
  /** What hosts of the incident showed around it, and what people and their programs did there or everywhere. */
  readonly anomalies: readonly AnomalyEvent[];
  readonly events: readonly ChangeEvent[];
  /** From before it began until it was over, or now: what there is to look at. */
  readonly range: { readonly start: UnixMs; readonly end: UnixMs };
  readonly links: IncidentLinks;
}

/** All with the range of time; addresses of the page where the collector knows its own, else paths. */
export interface IncidentLinks {
  readonly incident: string;
  readonly hosts: readonly { readonly host: string; readonly link: string }[];
  /** What the likely cause was seen in, as `query_range` of the Prometheus API; absent where there is no such query. */
  readonly query?: string;
}

/** `GET /v1/incidents/:id/changes`. */
const changesParameters = z.object({ limit: z.coerce.number().int().min(1).max(200).default(20) });

/** One metric that changed when the incident began: the series of it that changed most. */
export interface MetricChange {
  readonly metric: string;
  readonly labels: Labels;
  readonly unit: string;
  /** Of a counter its rate per second. */
  readonly isRate: boolean;
  /** 0 to 1: correlation times how far it moved, less for what moved long before or after. */
  readonly score: number;
  /** -1 to 1: how well "before or after" tells low values from high ones; 1 when all values after are higher. */
  readonly correlation: number;
  /** Medians. */
  readonly before: number;
  readonly after: number;
  /** When it changed. */
  readonly changedAt: UnixMs;
  /** More series of the same metric that changed. */
  readonly alike: number;
  /** The incident's alerts are about it. */
  readonly isAlert: boolean;
}

export interface ChangesResponse {
  /** The highest score first. */
  readonly changes: readonly MetricChange[];
  /** Since when the alerts' condition has held, and what was compared: before, and after. */
  readonly start: UnixMs;
  readonly range: { readonly start: UnixMs; readonly end: UnixMs };
  readonly hosts: readonly string[];
  readonly seriesCompared: number;
  /** Hosts of the incident that were left out, because it would have been too much. */
  readonly hostsLeftOut: number;
}

/** `GET /v1/incidents/:id/chart`; null where there is nothing to draw. */
export interface IncidentChartResponse {
  readonly chart: IncidentChart | null;
}

/** What the likely cause was seen in, ready to be drawn. */
export interface IncidentChart {
  readonly title: string;
  /** PromQL that gives its series, and perhaps others. */
  readonly query: string;
  readonly unit: string;
  readonly range: { readonly start: UnixMs; readonly end: UnixMs };
  /** Unix ms and values; a gap is null. */
  readonly series: readonly {
    readonly label: string;
    readonly times: readonly UnixMs[];
    readonly values: readonly (number | null)[];
  }[];
  readonly threshold?: { readonly op: '>' | '>=' | '<' | '<='; readonly value: number };
  readonly markers: readonly ChartMarker[];
}

export interface ChartMarker {
  readonly at: UnixMs;
  readonly kind: 'start' | 'end' | 'event';
  readonly label: string;
}

const range = z.object({ start: unixMs, end: unixMs });

const timelineLineSchema: z.ZodType<TimelineLine> = z
  .object({
    at: unixMs,
    kind: z.enum([
      'opened',
      'joined',
      'resolved',
      'reopened',
      'told',
      'held',
      'unsent',
      'action',
      'delivery',
      'anomaly',
      'event',
    ]),
    text: z.string(),
    by: z.string().exactOptional(),
    host: z.string().exactOptional(),
    link: z.string().exactOptional(),
  })
  .meta({ id: 'TimelineLine' });

const incidentAnswer: z.ZodType<IncidentResponse> = z.object({
  incident: incidentSchema,
  timeline: many(timelineLineSchema),
  notifications: many(notificationSchema),
  anomalies: many(anomalyEventSchema),
  events: many(changeEventSchema),
  range,
  links: z.object({
    incident: z.string(),
    hosts: many(z.object({ host: z.string(), link: z.string() })),
    query: z.string().exactOptional(),
  }),
});

const changesAnswer: z.ZodType<ChangesResponse> = z.object({
  changes: many(
    z.object({
      metric: z.string(),
      labels,
      unit: z.string(),
      isRate: z.boolean(),
      score: z.number(),
      correlation: z.number(),
      before: z.number(),
      after: z.number(),
      changedAt: unixMs,
      alike: z.int(),
      isAlert: z.boolean(),
    }),
  ),
  start: unixMs,
  range,
  hosts: many(z.string()),
  seriesCompared: z.int(),
  hostsLeftOut: z.int(),
});

const chartAnswer: z.ZodType<IncidentChartResponse> = z.object({
  chart: z
    .object({
      title: z.string(),
      query: z.string(),
      unit: z.string(),
      range,
      series: many(z.object({ label: z.string(), times: many(unixMs), values: many(z.number().nullable()) })),
      threshold: z.object({ op: z.enum(['>', '>=', '<', '<=']), value: z.number() }).exactOptional(),
      markers: many(z.object({ at: unixMs, kind: z.enum(['start', 'end', 'event']), label: z.string() })),
    })
    .nullable(),
});

export const incidentViewOperations = defineOperations({
  'GET /v1/incidents/{id}': {
    summary: 'An incident with all that helps to understand it',
    tag: 'incidents',
    scope: 'read',
    status: 200,
    answer: incidentAnswer,
  },
  'GET /v1/incidents/{id}/changes': {
    summary: 'Which metrics changed when it began',
    tag: 'incidents',
    scope: 'read',
    query: changesParameters,
    status: 200,
    answer: changesAnswer,
    refusals: [422],
  },
  'GET /v1/incidents/{id}/chart': {
    summary: 'What its likely cause was seen in, ready to be drawn',
    tag: 'incidents',
    scope: 'read',
    status: 200,
    answer: chartAnswer,
    refusals: [422],
  },
  'GET /v1/incidents/{id}/chart.svg': {
    summary: 'The same as a picture',
    tag: 'incidents',
    scope: 'read',
    status: 200,
    answer: { types: ['image/svg+xml'] },
    refusals: [422],
  },
  'GET /v1/incidents/{id}/chart.png': {
    summary: 'The same as a picture for programs that show no SVG',
    tag: 'incidents',
    scope: 'read',
    status: 200,
    answer: { types: ['image/png'] },
    refusals: [422],
  },
});
