import { z } from 'zod';
import type { UnixMs } from '../sample.ts';
import { defineOperations, many, unixMs } from './operation.ts';
import { selectorSchema } from './query.ts';
import { withId } from './resource.ts';

/** `PUT /v1/anomalies/events/:id/feedback`. */
export const feedbackSchema = z.object({
  verdict: z.enum(['useful', 'noise']),
  comment: z.string().max(1_000).exactOptional(),
});
export type Feedback = z.infer<typeof feedbackSchema>;

/** What was said of an event. */
export interface EventFeedback extends Feedback {
  readonly eventId: string;
  readonly host: string;
  readonly at: UnixMs;
  /** Which metrics the event's evidence came from, by weight: events like it are those with much of the same. */
  readonly shape: Readonly<Record<string, number>>;
}

/** `GET /v1/anomalies/feedback`. */
export interface FeedbackResponse {
  readonly feedback: readonly EventFeedback[];
}

/** `PUT /v1/detection/budget`: at most so many pages per host in so many days. */
export const budgetSchema = z.object({
  pages: z.number().min(0.001).max(1_000),
  perHostDays: z.number().min(1).max(365),
});
export type Budget = z.infer<typeof budgetSchema>;

/** `GET /v1/detection/budget`. */
export interface BudgetResponse {
  readonly budget: Budget;
  /** Surprise from which an event is a page, and whether that is what the hosts' events taught. */
  readonly threshold: { readonly surprise: number; readonly from: 'theory' | 'events' };
  /** Of the last 28 days, or as long as there are events. */
  readonly achieved: {
    readonly days: number;
    readonly hosts: number;
    readonly pages: number;
    /** As the budget counts: pages per host in so many days. */
    readonly perHost: number;
  };
  /** Anomalies that were made to see whether they are found; nobody is told of one. */
  readonly canaries: {
    readonly injected: number;
    readonly found: number;
    readonly paged: number;
    /** Share found, by how far series were moved, in robust standard deviations. */
    readonly recall: readonly { readonly sigmas: number; readonly injected: number; readonly found: number }[];
  };
}

/** A made anomaly: some series of a copy of a host's detectors, moved for some ticks. */
export interface Canary {
  readonly id: string;
  readonly host: string;
  readonly at: UnixMs;
  readonly sigmas: number;
  readonly series: number;
  readonly found: boolean;
  /** Largest surprise, and whether that would have been a page. */
  readonly surprise: number;
  readonly page: boolean;
}

/** `POST /v1/detection/settings`: how series are watched. Of several that match, the newest counts. */
export const detectionSettingSchema = z.object({
  selector: selectorSchema,
  /** Whether the series are watched at all. */
  enabled: z.boolean().default(true),
  /** Distance from what is usual that is unusual, in robust standard deviations. */
  sigmas: z.number().min(1).max(100).default(2.5),
  /** Names of detectors that look at means of ten seconds besides, and from which surprise they raise an anomaly. */
  detectors: z.array(z.string().min(1).max(100)).max(8).default([]),
  surprise: z.number().min(1).max(30).default(4),
});
export type NewDetectionSetting = z.infer<typeof detectionSettingSchema>;
export type DetectionSetting = NewDetectionSetting & { readonly id: string };

export interface DetectionSettingsResponse {
  readonly settings: readonly DetectionSetting[];
}

/** `GET /v1/detection/detectors`: what a setting may name. */
export interface DetectorsResponse {
  readonly detectors: readonly {
    readonly name: string;
    readonly summary: string;
    /** Whether each series is looked at on its own, or all of a host that the selector matches together. */
    readonly of: 'series' | 'host';
  }[];
}

const eventFeedbackSchema: z.ZodType<EventFeedback> = z
  .object({
    ...feedbackSchema.shape,
    eventId: z.string(),
    host: z.string(),
    at: unixMs,
    shape: z.record(z.string(), z.number()),
  })
  .meta({ id: 'EventFeedback' });

const budgetAnswer: z.ZodType<BudgetResponse> = z
  .object({
    budget: budgetSchema,
    threshold: z.object({ surprise: z.number(), from: z.enum(['theory', 'events']) }),
    achieved: z.object({ days: z.number(), hosts: z.int(), pages: z.int(), perHost: z.number() }),
    canaries: z.object({
      injected: z.int(),
      found: z.int(),
      paged: z.int(),
      recall: many(z.object({ sigmas: z.number(), injected: z.int(), found: z.int() })),
    }),
  })
  .meta({ id: 'DetectionBudget' });

const settingSchema = withId(detectionSettingSchema).meta({ id: 'DetectionSetting' });

export const detectionOperations = defineOperations({
  'GET /v1/detection/budget': {
    summary: 'How many false alarms there may be, and how far that is kept',
    tag: 'detection',
    scope: 'read',
    status: 200,
    answer: budgetAnswer,
  },
  'PUT /v1/detection/budget': {
    summary: 'Sets how many false alarms there may be',
    tag: 'detection',
    scope: 'write',
    body: budgetSchema,
    status: 200,
    answer: budgetAnswer,
  },
  'GET /v1/detection/detectors': {
    summary: 'Which detectors a setting may name',
    tag: 'detection',
    scope: 'read',
    status: 200,
    answer: z.object({
      detectors: many(
        z.object({
          name: z.string(),
          summary: z.string(),
          of: z.enum(['series', 'host']).describe('Looks at each series, or at all of a host that match together.'),
        }),
      ),
    }),
  },
  'GET /v1/detection/settings': {
    summary: 'How series are watched, the newest first',
    tag: 'detection',
    scope: 'read',
    status: 200,
    answer: z.object({ settings: many(settingSchema) }),
  },
  'POST /v1/detection/settings': {
    summary: 'Chooses detectors and sensitivity for series',
    tag: 'detection',
    scope: 'write',
    body: detectionSettingSchema,
    status: 201,
    answer: settingSchema,
  },
  'DELETE /v1/detection/settings/{id}': {
    summary: 'Takes a setting back',
    tag: 'detection',
    scope: 'write',
    status: 204,
  },
  'GET /v1/anomalies/feedback': {
    summary: 'What was said of anomaly events, newest first',
    tag: 'anomalies',
    scope: 'read',
    status: 200,
    answer: z.object({ feedback: many(eventFeedbackSchema) }),
  },
  'PUT /v1/anomalies/events/{id}/feedback': {
    summary: 'Says that an event was useful, or noise',
    tag: 'anomalies',
    scope: 'write',
    body: feedbackSchema,
    status: 200,
    answer: eventFeedbackSchema,
  },
  'DELETE /v1/anomalies/events/{id}/feedback': {
    summary: 'Takes back what was said of an event',
    tag: 'anomalies',
    scope: 'write',
    status: 204,
  },
});
