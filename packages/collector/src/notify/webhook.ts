import { createHmac } from 'node:crypto';
import type { Alert, Incident, Message, TellReason, UnixMs } from '@tarsier/protocol';

/** What a webhook gets, as JSON. `version` changes only when a field's meaning does. */
export interface WebhookBody {
  readonly version: 1;
  readonly status: 'firing' | 'resolved';
  /** Why this is told now, in a sentence, for receivers that show one line. */
  readonly reason: string;
  /** And in a word. */
  readonly because: TellReason;
  /** Where a person can look; absent when nobody told the collector its address. */
  readonly link?: string;
  /** The likely cause of the incident. */
  readonly alert: Alert | undefined;
  readonly incident: Incident;
  /** When it was decided to tell, not when this try was made. */
  readonly createdAt: UnixMs;
}

export function webhookBody({ status, why, reason, incident }: Message, createdAt: UnixMs, link?: string): WebhookBody {
  return {
    version: 1,
    status,
    reason: why,
    because: reason,
    ...(link === undefined ? {} : { link }),
    alert: incident.alerts[0],
    incident,
    createdAt,
  };
}

export interface WebhookDeps {
  readonly fetch: typeof globalThis.fetch;
  readonly timeoutMs?: number;
}

export interface WebhookPost {
  readonly url: string;
  /** Goes as `idempotency-key`: a receiver may get a notification again, and can tell by it. */
  readonly id: string;
  readonly body: WebhookBody;
  /** Signs the body: `tarsier-signature: sha256=<hex HMAC-SHA256>`. */
  readonly secret?: string | undefined;
}

const defaultTimeoutMs = 10_000;

/**
 * Posts one notification. Redirects are not followed: the address is the one that somebody entered.
 *
 * @throws {Error} when there is no answer in time, or another one than 2xx
 */
export async function postWebhook(
  { fetch, timeoutMs = defaultTimeoutMs }: WebhookDeps,
  { url, id, body, secret }: WebhookPost,
): Promise<void> {
  const text = JSON.stringify(body);
  const signature = secret === undefined ? undefined : createHmac('sha256', secret).update(text).digest('hex');
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'tarsier',
      'idempotency-key': id,
      ...(signature === undefined ? {} : { 'tarsier-signature': `sha256=${signature}` }),
    },
    body: text,
  });
  // The answer's body says nothing; an endless one must not be read.
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${new URL(url).origin} answered ${response.status}`);
}
