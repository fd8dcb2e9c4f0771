import { z } from 'zod';
import { severities } from '../alert.ts';
import type { HoldReason } from '../incident.ts';
import { calendarSchema } from './calendar.ts';
import { newOverrideSchema, newRotationSchema } from './on-call.ts';
import { defineOperations, many } from './operation.ts';
import { resourceOperations, withId } from './resource.ts';
import { holdReasonSchema } from './shapes.ts';

const name = z.string().min(1).max(200);
const durationMs = z
  .int()
  .min(0)
  .max(400 * 86_400_000);

/** `host="db-1"`, `alertname=~"Disk.*"`: a label, `=`, `!=`, `=~` or `!~`, and a quoted value. All must hold. */
const matchersSchema = z.array(z.string().min(1).max(2_000)).max(20);

const silenceTime = z.int('expected Unix time in ms (1764000000000)').optional();

/** `POST /v1/silences`: nobody is told of alerts that match, from `startsAt` to `endsAt` or at recurring times. */
export const newSilenceSchema = z
  .object({
    matchers: matchersSchema.min(1),
    comment: z.string().max(2_000).default(''),
    createdBy: z.string().max(200).default(''),
    startsAt: silenceTime,
    endsAt: silenceTime,
    /** A maintenance window. */
    recurring: calendarSchema.optional(),
  })
  .refine(({ endsAt, recurring }) => endsAt !== undefined || recurring !== undefined, {
    path: ['endsAt'],
    message: 'expected an end (Unix ms), or recurring times',
  })
  .refine(({ startsAt, endsAt }) => startsAt === undefined || endsAt === undefined || startsAt < endsAt, {
    path: ['endsAt'],
    message: 'expected a time after startsAt',
  });
export type NewSilence = z.infer<typeof newSilenceSchema>;
export type Silence = NewSilence & {
  readonly id: string;
  /** The channel of kind `alertmanager` whose silence it is: it is changed and ended there. */
  readonly from?: string;
};

/** `POST /v1/inhibitions`: while an alert that matches `source` fires, nobody is told of those that match `target`. */
export const newInhibitionSchema = z.object({
  name,
  source: matchersSchema.min(1),
  target: matchersSchema.min(1),
  /** Labels whose values both must share; `series` for all labels of the series. */
  equal: z.union([z.literal('series'), z.array(z.string().min(1).max(200)).max(20)]),
});
export type NewInhibition = z.infer<typeof newInhibitionSchema>;
export type Inhibition = NewInhibition & { readonly id: string };

const minute = 60_000;

const ids = z.array(z.string().min(1).max(200));

/** Channels, and whoever is on call in rotations at that time. */
const escalationStepSchema = z
  .object({ afterMs: durationMs, channels: ids.max(50).default([]), onCall: ids.max(20).default([]) })
  .refine(({ channels, onCall }) => channels.length + onCall.length > 0, {
    path: ['channels'],
    message: 'expected at least one channel, or rotation in onCall',
  });

/** `POST /v1/routes`: how, and to which channels, the alerts that match are told. The first that matches counts. */
export const newRouteSchema = z.object({
  name,
  /** Routes are asked in this order. */
  position: z.int().min(0).max(100_000).default(100),
  matchers: matchersSchema.default([]),
  /** Ids of channels; absent: all of them, or with `onCall` none but those. */
  channels: ids.max(50).optional(),
  /** Ids of rotations: whoever is on call is told. */
  onCall: ids.max(20).default([]),
  /** Alerts that are equal in these labels make one incident. */
  groupBy: z.array(z.string().min(1).max(200)).max(20).default(['alertname']),
  /** And so do alerts that begin within this time of each other on one host, or of one of these labels' values. */
  togetherMs: durationMs.default(2 * minute),
  togetherBy: z.array(z.string().min(1).max(200)).max(20).default(['cluster', 'group']),
  /** How long an incident waits for more alerts before it is first told. */
  groupWaitMs: durationMs.default(0),
  /** Least time between two notifications of an incident that grows. */
  groupIntervalMs: durationMs.default(minute),
  /** When it is told again that it is still there; 0 never. */
  repeatMs: durationMs.default(240 * minute),
  /** What fires again this soon after its end was told goes on as the same incident, and is told only if it stays. */
  cooldownMs: durationMs.default(5 * minute),
  /** An incident that fired again so often within the time is told once more, as flapping, until it is calm. */
  flapping: z
    .object({
      count: z.int().min(2).max(1_000).default(4),
      withinMs: durationMs.default(60 * minute),
      calmMs: durationMs.default(15 * minute),
    })
    .prefault({}),
  minSeverity: z.enum(severities).default('info'),
  /** When people may be told; absent: always. */
  hours: calendarSchema.optional(),
  /** What is told at any hour. */
  anyHourSeverity: z.enum(severities).default('page'),
  /** Who else is told when nobody has acknowledged an incident so long after it was first told. */
  escalation: z.array(escalationStepSchema).max(20).default([]),
});
export type NewRoute = z.infer<typeof newRouteSchema>;
export type Route = NewRoute & { readonly id: string };

/** `POST /v1/routes/preview`: an alert as routes see it, `alertname` and `severity` among its labels. */
const routePreviewSchema = z.object({ labels: z.record(z.string().min(1).max(200), z.string().max(1_000)) });

/** A channel that would be told; with the person whom it is for, where somebody is on call. */
export interface RoutedChannel {
  readonly id: string;
  readonly name: string;
  readonly person?: string;
}

/** Where an alert would go now. */
export interface RoutePreview {
  /** `default` where none of the tenant's matches. */
  readonly routeId: string;
  readonly route: string;
  readonly channels: readonly RoutedChannel[];
  readonly escalation: readonly { readonly afterMs: number; readonly channels: readonly RoutedChannel[] }[];
  /** Why nobody would be told now. */
  readonly held?: { readonly reason: HoldReason; readonly detail: string };
}

const routedChannel: z.ZodType<RoutedChannel> = z
  .object({ id: z.string(), name: z.string(), person: z.string().exactOptional() })
  .meta({ id: 'RoutedChannel' });

const routePreviewAnswer: z.ZodType<RoutePreview> = z.object({
  routeId: z.string(),
  route: z.string(),
  channels: many(routedChannel),
  escalation: many(z.object({ afterMs: z.number(), channels: many(routedChannel) })),
  held: z.object({ reason: holdReasonSchema, detail: z.string() }).exactOptional(),
});

export const alertPolicyOperations = {
  ...defineOperations({
    'POST /v1/routes/preview': {
      summary: 'Which route an alert would take now, to whom, and why not',
      tag: 'routes',
      scope: 'read',
      readOnly: true,
      body: routePreviewSchema,
      status: 200,
      answer: routePreviewAnswer,
    },
  }),
  ...resourceOperations('rotations', {
    one: 'a rotation',
    all: 'Who is on call one after the other, oldest first',
    body: newRotationSchema,
    stored: withId(newRotationSchema).meta({ id: 'Rotation' }),
  }),
  ...resourceOperations('overrides', {
    one: 'an override',
    all: 'Who takes over from whom for a while, oldest first',
    body: newOverrideSchema,
    stored: withId(newOverrideSchema).meta({ id: 'Override' }),
  }),
  ...resourceOperations('routes', {
    one: 'a route',
    all: 'How, and to which channels, alerts are told',
    body: newRouteSchema,
    stored: withId(newRouteSchema).meta({ id: 'Route' }),
  }),
  ...resourceOperations('silences', {
    one: 'a silence',
    all: 'Silences and maintenance windows, oldest first',
    body: newSilenceSchema,
    stored: z
      .intersection(newSilenceSchema, z.object({ id: z.string(), from: z.string().exactOptional() }))
      .meta({ id: 'Silence' }),
  }),
  ...resourceOperations('inhibitions', {
    one: 'an inhibition',
    all: 'Which alerts silence which others, oldest first',
    body: newInhibitionSchema,
    stored: withId(newInhibitionSchema).meta({ id: 'Inhibition' }),
  }),
};
