import { z } from 'zod';
import type { Message } from '../incident.ts';
import type { UnixMs } from '../sample.ts';
import { unixMs } from './operation.ts';
import { messageSchema } from './shapes.ts';

/** One notification to one channel, and how far it has come. */
export interface NotificationRecord {
  readonly id: string;
  readonly channelId: string;
  readonly incidentId: string;
  readonly createdAt: UnixMs;
  readonly state: 'waiting' | 'sent' | 'given-up';
  readonly attempts: number;
  readonly sentAt?: UnixMs;
  readonly error?: string;
  readonly message: Message;
}

export const notificationSchema: z.ZodType<NotificationRecord> = z
  .object({
    id: z.string(),
    channelId: z.string(),
    incidentId: z.string(),
    createdAt: unixMs,
    state: z.enum(['waiting', 'sent', 'given-up']),
    attempts: z.int(),
    sentAt: unixMs.exactOptional(),
    error: z.string().exactOptional(),
    message: messageSchema,
  })
  .meta({ id: 'Notification' });
