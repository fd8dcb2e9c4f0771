import { z } from 'zod';
import type { UnixMs } from '../sample.ts';
import { defineOperations, many } from './operation.ts';
import { timeParameter } from './time.ts';

const kind = z.string().regex(/^[a-z][a-z0-9-]{0,49}$/u, 'expected a word in small letters, as in deployment');
const host = z.string().max(255);

/** `POST /v1/events`: something was done that may explain what is seen: a deployment, a job, a new setting. */
export const newChangeEventSchema = z
  .object({
    /** Sent again under the same id it replaces what it said; absent: a new one. */
    id: z
      .string()
      .regex(/^[\w.:-]{1,100}$/u, 'expected 1 to 100 letters, digits, dots, colons, hyphens or underscores')
      .exactOptional(),
    kind: kind.default('deployment'),
    title: z.string().min(1).max(500),
    text: z.string().max(10_000).default(''),
    /** Unix ms; absent: now. */
    at: z.int().exactOptional(),
    /** When it was over, Unix ms. */
    until: z.int().exactOptional(),
    /** Where it happened; empty: everywhere. */
    host: host.default(''),
    labels: z
      .record(z.string().regex(/^[a-zA-Z_]\w{0,199}$/u, 'expected the name of a label'), z.string().max(1_000))
      .default({}),
    /** Where to read more. */
    link: z
      .url({ protocol: /^https?$/u, error: 'expected http://… or https://…' })
      .max(2_000)
      .exactOptional(),
  })
  .refine(({ at, until }) => until === undefined || (at !== undefined && at <= until), {
    path: ['until'],
    message: 'expected a time at or after at, which is then needed',
  });
export type NewChangeEvent = z.infer<typeof newChangeEventSchema>;
export type ChangeEvent = NewChangeEvent & { readonly id: string; readonly at: UnixMs };

/** `GET /v1/events`: those that touch the time range, newest first. */
const changeEventsParameters = z
  .object({
    start: timeParameter,
    end: timeParameter,
    kind: kind.exactOptional(),
    /** Of this host, or of no host. */
    host: host.exactOptional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(200),
  })
  .refine(({ start, end }) => start <= end, { path: ['end'], message: 'expected a time at or after start' });

export interface ChangeEventsResponse {
  readonly events: readonly ChangeEvent[];
}

export const changeEventSchema: z.ZodType<ChangeEvent> = z
  .intersection(newChangeEventSchema, z.object({ id: z.string(), at: z.int() }))
  .meta({ id: 'ChangeEvent' });

export const changeEventOperations = defineOperations({
  'GET /v1/events': {
    summary: 'Deployments, jobs and the like in a time range, newest first',
    tag: 'events',
    scope: 'read',
    query: changeEventsParameters,
    status: 200,
    answer: z.object({ events: many(changeEventSchema) }),
  },
  'POST /v1/events': {
    summary: 'Tells of something that may explain what is seen',
    description: 'Sent again under the same id it replaces what it said.',
    tag: 'events',
    scope: 'write',
    body: newChangeEventSchema,
    status: 201,
    answer: changeEventSchema,
  },
  'DELETE /v1/events/{id}': { summary: 'Takes an event back', tag: 'events', scope: 'write', status: 204 },
});
