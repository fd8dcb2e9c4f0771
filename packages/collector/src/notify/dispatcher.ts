/** Sends what is due to its channel, until it is taken or a day has passed. Knows no other room. */
import { describeError, type Message, type UnixMs } from '@tarsier/protocol';
import type { Channel } from '@tarsier/protocol/api';
import type { Log } from '../log.ts';
import { retryAt } from './backoff.ts';
import { sequenceKey, sequences } from './sequence.ts';
import { postWebhook, webhookBody } from './webhook.ts';

/** A notification that is to be sent now. */
export interface Outgoing {
  readonly tenantId: number;
  readonly id: string;
  readonly incidentId: string;
  /** A channel hears of an incident's notifications in this order. */
  readonly number: number;
  readonly channel: Channel;
  readonly message: Message;
  readonly createdAt: UnixMs;
  /** Tries before this one. */
  readonly attempts: number;
  /** Signs the body, where the channel has one. */
  readonly secret?: string;
}

/** Where notifications wait; the storage has it. */
export interface Outbox {
  /** Claims what is due: nobody else gets it for a minute. */
  due(now: UnixMs, limit: number): Promise<readonly Outgoing[]>;
  sent(notification: Outgoing, now: UnixMs): Promise<void>;
  /** @param retryAt  undefined gives up */
  failed(notification: Outgoing, error: string, retryAt: UnixMs | undefined): Promise<void>;
}

export interface Dispatcher {
  start(): void;
  /** Something new may be due. */
  wake(): void;
  /** Sends all that is due now. */
  drain(): Promise<void>;
  /** Resolves when nothing is being sent any more: at most the time that a receiver may take to answer. */
  stop(): Promise<void>;
}

export interface DispatcherDeps {
  readonly outbox: Outbox;
  readonly fetch: typeof globalThis.fetch;
  /** Where people open the page; goes into the notification. */
  readonly pageUrl?: string | undefined;
  readonly log: Log;
  readonly now?: () => UnixMs;
  readonly random?: () => number;
  readonly timeoutMs?: number;
}

const pollMs = 2_000;
const perDrain = 50;
/** A notification that failed this long after its next try was due does not come any more: its channel was deleted. */
const overdueMs = 15 * 60_000;

export function createDispatcher({
  outbox,
  fetch,
  pageUrl,
  log,
  now = Date.now,
  random = Math.random,
  timeoutMs,
}: DispatcherDeps): Dispatcher {
  let timer: NodeJS.Timeout | undefined;
  let isStarted = false;
  let isStopping = false;
  let isWoken = false;
  let draining: Promise<void> | undefined;
  /** The notification that those after it in its sequence wait for, and when it is tried again. */
  const awaited = new Map<string, { readonly id: string; readonly retryAt: UnixMs }>();

  async function send(notification: Outgoing): Promise<void> {
    const { id, channel, message, createdAt, attempts, secret } = notification;
    const key = sequenceKey(notification);
    const before = awaited.get(key);
    if (before !== undefined && before.id !== id && now() < before.retryAt + overdueMs) {
      await outbox.failed(notification, 'waits for the notification before it', Math.max(before.retryAt, now()) + 1);
      return;
    }
    const body = webhookBody(message, createdAt, pageUrl === undefined ? undefined : pageOf(pageUrl, message));
    const failure = await postWebhook(
      { fetch, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
      { url: channel.url, id, body, secret },
    ).then(() => undefined, describeError);
    if (failure === undefined) {
      awaited.delete(key);
      await outbox.sent(notification, now());
      return;
    }
    const next = retryAt(attempts, createdAt, now(), random);
    log.warn(next === undefined ? 'a notification is given up' : 'a notification will be tried again', {
      channel: channel.name,
      incident: message.incident.title,
      error: failure,
    });
    if (next === undefined) awaited.delete(key);
    else awaited.set(key, { id, retryAt: next });
    await outbox.failed(notification, failure, next);
  }

  async function sendInOrder(sequence: readonly Outgoing[]): Promise<void> {
    // Each is asked for, also after one that failed: it then learns when to try again.
    for (const notification of sequence) await send(notification);
  }

  async function drainAll(): Promise<void> {
    for (;;) {
      const due = await outbox.due(now(), perDrain);
      // One receiver that hangs must not hold up the others.
      const results = await Promise.allSettled(sequences(due).map(sendInOrder));
      for (const result of results) {
        if (result.status === 'rejected')
          log.error('a notification could not be recorded', { error: describeError(result.reason) });
      }
      // What follows a notification that was just sent is due only now.
      if (due.length === 0 || isStopping) return;
    }
  }

  function drain(): Promise<void> {
    draining ??= drainAll().finally(() => {
      draining = undefined;
    });
    return draining;
  }

  async function drainLogged(): Promise<void> {
    try {
      await drain();
    } catch (error) {
      log.warn('notifications wait for the database', { error: describeError(error) });
    }
  }

  async function poll(): Promise<void> {
    clearTimeout(timer);
    do {
      isWoken = false;
      await drainLogged();
    } while (isWoken && !isStopping);
    clearTimeout(timer);
    if (!isStopping) timer = setTimeout(() => void poll(), pollMs).unref();
  }

  return {
    start() {
      isStarted = true;
      isStopping = false;
      void poll();
    },
    wake() {
      if (!isStarted || isStopping) return;
      // What is being looked for now may have been looked for too early.
      if (draining === undefined) void poll();
      else isWoken = true;
    },
    drain,
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      if (draining !== undefined) await drainLogged();
    },
  };
}

/** Where the page shows the host of the likely cause. */
function pageOf(pageUrl: string, { incident }: Message): string {
  const host = incident.alerts[0]?.host ?? '';
  return new URL(host === '' ? '#/' : `#/hosts/${encodeURIComponent(host)}`, pageUrl).href;
}
