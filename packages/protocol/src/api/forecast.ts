import { z } from 'zod';
import type { UnixMs } from '../sample.ts';
import { defineOperations, many, labels, unixMs } from './operation.ts';
import { selectorSchema } from './query.ts';
import { durationParameter } from './time.ts';

const dayMs = 86_400_000;
/** Steps of an answer. */
const mostSteps = 1_000;
const defaultSteps = 60;

/** `GET /v1/forecast`. Durations as Prometheus takes them. */
const forecastParameters = z
  .object({
    /** A selector, or any expression whose values are to go on. */
    query: selectorSchema,
    /** How far to look ahead. */
    horizon: durationParameter.refine((ms) => ms >= 1_000 && ms <= 366 * dayMs, 'expected 1s to 366d'),
    /** Between two values; a sixtieth of the horizon unless given, at least a second. */
    step: durationParameter.optional(),
    /** How far to look back; four times the horizon unless given, at least 120 steps. */
    history: durationParameter.optional(),
    /** Share of what may come that is within the band. */
    confidence: z.coerce.number().min(0.5).max(0.99).default(0.9),
    /** A value that is asked for when it will be reached. */
    limit: z.coerce.number().optional(),
    /** Which side of the limit is meant; without it the one that the series is not on. */
    direction: z.enum(['above', 'below']).optional(),
  })
  .transform(({ step, ...asked }) => ({
    ...asked,
    step: step ?? Math.max(1_000, Math.ceil(asked.horizon / defaultSteps / 1_000) * 1_000),
  }))
  .refine(({ step, horizon }) => step <= horizon, { path: ['step'], message: 'expected at most the horizon' })
  .refine(({ step, horizon }) => horizon / step <= mostSteps, {
    path: ['step'],
    message: `expected at least a ${mostSteps}th of the horizon`,
  })
  .refine(({ limit, direction }) => limit !== undefined || direction === undefined, {
    path: ['limit'],
    message: 'expected a limit, since there is a direction',
  });

/** When a limit will be reached: by the median, and as soon and as late as the confidence allows. */
export interface ForecastCrossing {
  readonly limit: number;
  readonly direction: 'above' | 'below';
  /** Absent where it is not within the horizon. */
  readonly at?: UnixMs;
  readonly earliest?: UnixMs;
  readonly latest?: UnixMs;
  /** Chance to be beyond it at some step of the horizon: at least this, the largest of any one step. */
  readonly probability: number;
}

export interface SeriesForecast {
  /** Labels, `__name__` included where the query keeps it. */
  readonly metric: Readonly<Record<string, string>>;
  /** Which of the models did best on the past, and its mean error as a part of that of the last value. */
  readonly model: string;
  readonly relativeError: number;
  /** Length of the season that was found, ms. */
  readonly seasonMs?: number;
  /** Values that it was learnt from, and the newest of them. */
  readonly points: number;
  readonly newest: { readonly time: UnixMs; readonly value: number };
  readonly times: readonly UnixMs[];
  readonly median: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly crossing?: ForecastCrossing;
}

export interface ForecastResponse {
  readonly confidence: number;
  readonly stepMs: number;
  readonly forecasts: readonly SeriesForecast[];
  /** Series of which there is too little to go on. */
  readonly skipped: readonly { readonly metric: Readonly<Record<string, string>>; readonly reason: string }[];
}

const seriesForecastSchema: z.ZodType<SeriesForecast> = z
  .object({
    metric: labels,
    model: z.string(),
    relativeError: z.number(),
    seasonMs: z.number().exactOptional(),
    points: z.int(),
    newest: z.object({ time: unixMs, value: z.number() }),
    times: many(unixMs),
    median: many(z.number()),
    low: many(z.number()),
    high: many(z.number()),
    crossing: z
      .object({
        limit: z.number(),
        direction: z.enum(['above', 'below']),
        at: unixMs.exactOptional(),
        earliest: unixMs.exactOptional(),
        latest: unixMs.exactOptional(),
        probability: z.number(),
      })
      .exactOptional(),
  })
  .meta({ id: 'SeriesForecast' });

const forecastAnswer: z.ZodType<ForecastResponse> = z.object({
  confidence: z.number(),
  stepMs: z.number(),
  forecasts: many(seriesForecastSchema),
  skipped: many(z.object({ metric: labels, reason: z.string() })),
});

export const forecastOperations = defineOperations({
  'GET /v1/forecast': {
    summary: 'What series will be, with a band, and when they reach a limit',
    tag: 'query',
    scope: 'read',
    query: forecastParameters,
    status: 200,
    answer: forecastAnswer,
  },
});
