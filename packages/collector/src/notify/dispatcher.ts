/** Sends what is due to its channel, until it is taken or a day has passed. Knows no other room. */
import type { Alert, UnixMs } from '@tarsier/protocol';
import type { Channel } from '@tarsier/protocol/api';
import { describeError, type Log } from '../log.ts';
import { postWebhook, webhookBody } from './webhook.ts';

/** A notification that is to be sent now. */
export interface Outgoing {
  readonly tenantId: number;
  readonly id: string;
  readonly channel: Channel;
  readonly alert: Alert;
  readonly createdAt: UnixMs;
  /** Tries before this one. */
  readonly attempts: number;
}

/** Where notifications wait; the storage has it. */
export interface Outbox {
  due(now: UnixMs, limit: number): Promise<readonly Outgoing[]>;
  sent(notification: Outgoing, now: UnixMs): Promise<void>;
  failed(notification: Outgoing, error: string, retryAt: UnixMs | undefined): Promise<void>;
}

export interface Dispatcher {
  start(): void;
  /** Something new may be due. */
  wake(): void;
  /** Sends all that is due now. */
  drain(): Promise<void>;
  /** Resolves when nothing is being sent any more. */
  stop(): Promise<void>;
}

export interface DispatcherDeps {
  readonly outbox: Outbox;
  readonly fetch: typeof globalThis.fetch;
  readonly log: Log;
  readonly now?: () => UnixMs;
  readonly random?: () => number;
}

const pollMs = 2_000;
const perDrain = 50;
const backoff = { firstMs: 5_000, longestMs: 10 * 60_000, giveUpMs: 24 * 3_600_000 } as const;

/**
 * When to try again: exponential with full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015).
 *
 * @returns undefined a day after the notification was made
 */
export function retryAt(attempts: number, createdAt: UnixMs, now: UnixMs, random: () => number): UnixMs | undefined {
  if (now - createdAt > backoff.giveUpMs) return undefined;
  const ceiling = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(attempts, 20));
  return Math.ceil(now + random() * ceiling);
}

export function createDispatcher({
  outbox,
  fetch,
  log,
  now = Date.now,
  random = Math.random,
}: DispatcherDeps): Dispatcher {
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let draining: Promise<void> | undefined;

  async function send(notification: Outgoing): Promise<void> {
    const { id, channel, alert, createdAt, attempts } = notification;
    try {
      await postWebhook({ fetch }, { url: channel.url, id, body: webhookBody(alert, createdAt) });
    } catch (error) {
      const next = retryAt(attempts, createdAt, now(), random);
      log.warn(next === undefined ? 'a notification is given up' : 'a notification will be tried again', {
        channel: channel.name,
        alert: alert.name,
        error: describeError(error),
      });
      await outbox.failed(notification, describeError(error), next);
      return;
    }
    await outbox.sent(notification, now());
  }

  async function drainAll(): Promise<void> {
    for (;;) {
      const due = await outbox.due(now(), perDrain);
      // One receiver that hangs must not hold up the others.
      const results = await Promise.allSettled(due.map(send));
      for (const result of results) {
        if (result.status === 'rejected')
          log.error('a notification could not be recorded', { error: describeError(result.reason) });
      }
      if (due.length < perDrain) return;
    }
  }

  function drain(): Promise<void> {
    draining ??= drainAll().finally(() => {
      draining = undefined;
    });
    return draining;
  }

  function poll(): void {
    clearTimeout(timer);
    if (stopped) return;
    void drain()
      .catch((error: unknown) => log.warn('notifications wait for the database', { error: describeError(error) }))
      .then(() => {
        clearTimeout(timer);
        if (!stopped) timer = setTimeout(poll, pollMs).unref();
      });
  }

  return {
    start() {
      stopped = false;
      poll();
    },
    wake: poll,
    drain,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await draining;
    },
  };
}
