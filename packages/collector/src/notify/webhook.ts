import { createHmac } from 'node:crypto';
import type { Alert, Incident, TellReason, UnixMs } from '@tarsier/protocol';
import type { ChannelOf } from '@tarsier/protocol/api';
import type { HttpRequest, Sending } from './sending.ts';

/** What a webhook gets, as JSON. `version` changes only when a field's meaning does. */
interface WebhookBody {
  readonly version: 1;
  readonly status: 'firing' | 'resolved';
  /** Why this is told now, in a sentence, for receivers that show one line. */
  readonly reason: string;
  /** And in a word. */
  readonly because: TellReason;
  /** Where a person can look; absent when nobody told the collector its address. */
  readonly link?: string;
  /** Where its picture, a PNG, can be fetched for three days. */
  readonly picture?: string;
  /** The likely cause of the incident. */
  readonly alert: Alert | undefined;
  readonly incident: Incident;
  readonly createdAt: UnixMs;
}

/** With a secret it carries `tarsier-signature: sha256=<hex HMAC-SHA256 of the body>`. */
export function webhook(
  { url, secret }: ChannelOf<'webhook'>,
  { message, createdAt, link, picture }: Sending,
): HttpRequest {
  const content: WebhookBody = {
    version: 1,
    status: message.status,
    reason: message.why,
    because: message.reason,
    ...(link === undefined ? {} : { link }),
    ...(picture?.address === undefined ? {} : { picture: picture.address }),
    alert: message.incident.alerts[0],
    incident: message.incident,
    createdAt,
  };
  const body = JSON.stringify(content);
  const signature = secret === undefined ? undefined : createHmac('sha256', secret).update(body).digest('hex');
  return {
    url,
    headers: {
      'content-type': 'application/json',
      ...(signature === undefined ? {} : { 'tarsier-signature': `sha256=${signature}` }),
    },
    body,
  };
}
