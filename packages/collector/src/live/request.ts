import { describeIssue, describeValue, TarsierError } from '@tarsier/protocol';
import { incidentActionSchema, selectorSchema } from '@tarsier/protocol/api';
import type { LiveRequest } from '@tarsier/protocol/live';
import { z } from 'zod';

const id = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const hourMs = 3_600_000;
const which = z.enum(['all', 'none']);

const requestSchema: z.ZodType<LiveRequest> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), token: z.string().max(4_096).exactOptional() }),
  z.object({
    type: z.literal('sub'),
    id,
    selector: selectorSchema,
    windowMs: z.number().min(0).max(hourMs),
    since: z.number().exactOptional(),
  }),
  z.object({ type: z.literal('unsub'), id }),
  z.object({
    type: z.literal('jobs'),
    which: z.union([
      z.literal('all'),
      z.literal('none'),
      z.object({ job: z.uuid(), after: z.int().min(0).exactOptional(), others: z.boolean().exactOptional() }),
    ]),
  }),
  z.object({ type: z.literal('alerts'), which }),
  z.object({ type: z.literal('models'), which }),
  z.object({ type: z.literal('act'), id, incident: z.string().min(1).max(100), action: incidentActionSchema }),
  z.object({ type: z.literal('ping'), at: z.number() }),
]);

/** @throws {TarsierError} `live/request` */
export function parseLiveRequest(text: string): LiveRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TarsierError('live/request', `message: expected JSON, got ${describeValue(text)}`, { cause });
  }
  const parsed = requestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, message } = describeIssue(parsed.error, value, 'message');
  throw new TarsierError('live/request', message, { field });
}
