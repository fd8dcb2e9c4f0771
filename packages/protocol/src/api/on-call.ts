import { z } from 'zod';
import type { UnixMs } from '../sample.ts';
import { calendarSchema, timeOfDaySchema } from './calendar.ts';
import { defineOperations, many, unixMs } from './operation.ts';

const name = z.string().min(1).max(200);
const channelIds = z.array(z.string().min(1).max(200)).max(20);

const calendar = calendarSchema.shape;

/** `POST /v1/rotations`: people who are on call one after the other. */
export const newRotationSchema = z.object({
  name,
  timeZone: calendar.timeZone,
  /** The day on which the first shift of the first person begins, by the calendar of the time zone. */
  startsOn: z.iso.date('expected a day, as in 2026-11-30'),
  /** When shifts change, by the clocks of the time zone, in summer and in winter. */
  handOverAt: timeOfDaySchema.default('09:00'),
  /** Days of a shift: 1 for a change each day, 7 for each week. */
  shiftDays: z.int().min(1).max(366).default(7),
  /** In their order, again and again; one who is named twice has two shifts of each round. */
  people: z
    .array(z.object({ name, channels: channelIds }))
    .min(1)
    .max(100),
  /** Only at these times anybody is on call; absent: always. */
  times: calendar.times.exactOptional(),
});
export type NewRotation = z.infer<typeof newRotationSchema>;
export type Rotation = NewRotation & { readonly id: string };

/** `POST /v1/overrides`: somebody takes over for a while. Of two at one time the later one counts. */
export const newOverrideSchema = z
  .object({
    rotationId: z.string().min(1).max(200),
    /** One of the rotation's people, or another one, who then has channels here. */
    person: name,
    channels: channelIds.exactOptional(),
    /** Unix ms; `to` is not included. */
    from: z.int(),
    to: z.int(),
    comment: z.string().max(2_000).default(''),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'expected a time after from' });
export type NewOverride = z.infer<typeof newOverrideSchema>;
export type Override = NewOverride & { readonly id: string };

/** A stretch of time in which one person is on call. */
export interface Shift {
  readonly person: string;
  /** Ids of the channels that reach this person. */
  readonly channels: readonly string[];
  readonly from: UnixMs;
  /** Not included. */
  readonly to: UnixMs;
  /** The id of the override that it follows from. */
  readonly override?: string;
}

/** `GET /v1/on-call`: at which time (Unix ms); absent: now. */
const onCallParameters = z.object({ at: z.coerce.number().int().exactOptional() });

export interface OnCallResponse {
  readonly at: UnixMs;
  readonly rotations: readonly {
    readonly id: string;
    readonly name: string;
    /** Null when nobody is. */
    readonly now: Shift | null;
    /** Who is on call after that; null when there is nobody else within two rounds. */
    readonly next: Shift | null;
  }[];
}

/** `GET /v1/rotations/:id/shifts`, Unix ms; absent: the next 28 days. */
const shiftsParameters = z
  .object({ from: z.coerce.number().int().exactOptional(), to: z.coerce.number().int().exactOptional() })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    message: 'expected a time after from',
  });

export interface ShiftsResponse {
  readonly shifts: readonly Shift[];
}

const shiftSchema: z.ZodType<Shift> = z
  .object({
    person: z.string(),
    channels: many(z.string()),
    from: unixMs,
    to: unixMs,
    override: z.string().exactOptional(),
  })
  .meta({ id: 'Shift' });

export const onCallOperations = defineOperations({
  'GET /v1/on-call': {
    summary: 'Who is on call now and next',
    tag: 'on-call',
    scope: 'read',
    query: onCallParameters,
    status: 200,
    answer: z.object({
      at: unixMs,
      rotations: many(
        z.object({ id: z.string(), name: z.string(), now: shiftSchema.nullable(), next: shiftSchema.nullable() }),
      ),
    }),
  },
  'GET /v1/rotations/{id}/shifts': {
    summary: 'Who is on call when',
    tag: 'on-call',
    scope: 'read',
    query: shiftsParameters,
    status: 200,
    answer: z.object({ shifts: many(shiftSchema) }),
  },
});
