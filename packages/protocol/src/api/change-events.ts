import { z } from 'zod';
import type { UnixMs } from '../sample.ts';
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
      .optional(),
    kind: kind.default('deployment'),
    title: z.string().min(1).max(500),
    text: z.string().max(10_000).default(''),
    /** Unix ms; absent: now. */
    at: z.int().optional(),
    /** When it was over, Unix ms. */
    until: z.int().optional(),
    /** Where it happened; empty: everywhere. */
    host: host.default(''),
    labels: z
      .record(z.string().regex(/^[a-zA-Z_]\w{0,199}$/u, 'expected the name of a label'), z.string().max(1_000))
      .default({}),
    /** Where to read more. */
    link: z
      .url({ protocol: /^https?$/u, error: 'expected http://… or https://…' })
      .max(2_000)
      .optional(),
  })
  .refine(({ at, until }) => until === undefined || (at !== undefined && at <= until), {
    path: ['until'],
    message: 'expected a time at or after at, which is then needed',
  });
export type NewChangeEvent = z.infer<typeof newChangeEventSchema>;
export type ChangeEvent = NewChangeEvent & { readonly id: string; readonly at: UnixMs };

/** `GET /v1/events`: those that touch the time range, newest first. */
export const changeEventsParameters = z
  .object({
    start: timeParameter,
    end: timeParameter,
    kind: kind.optional(),
    /** Of this host, or of no host. */
    host: host.optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(200),
  })
  .refine(({ start, end }) => start <= end, { path: ['end'], message: 'expected a time at or after start' });

export interface ChangeEventsResponse {
  readonly events: readonly ChangeEvent[];
}
