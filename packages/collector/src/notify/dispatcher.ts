/** Sends what is due to its channel, until it is taken or a day has passed. Knows no other room. */
import { describeError, type Message, type UnixMs } from '@tarsier/protocol';
import type { Channel } from '@tarsier/protocol/api';
import type { Log } from '../log.ts';
import { retryAt } from './backoff.ts';
import type { Sender } from './send.ts';
import { SendError } from './sending.ts';
import { sequenceKey, sequences } from './sequence.ts';

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
}

/** Where notifications wait; the storage has it. */
export interface Outbox {
  /** Claims what is due, but not for these channels: nobody else gets it for a minute. */
  due(now: UnixMs, limit: number, except: readonly string[]): Promise<readonly Outgoing[]>;
  /** The clock was put back: what is due at times that are yet to come again must not wait for them. */
  clockWasPutBack(now: UnixMs): Promise<void>;
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
  readonly sender: Pick<Sender, 'send'>;
  /** What came of a try. */
  readonly onTried?: (channel: Channel, outcome: 'sent' | 'retried' | 'given-up') => void;
  readonly log: Log;
  readonly now?: () => UnixMs;
  readonly random?: () => number;
}

const pollMs = 2_000;
const perClaim = 50;
/** Clocks are slewed by less. */
const toleratedMs = 1_000;
/** A channel that is this busy gets no more for now: one that hangs must not take up everything. */
const mostAtOnce = 10;
/** A notification that failed this long after its next try was due does not come any more: its channel was deleted. */
const overdueMs = 15 * 60_000;

export function createDispatcher({
  outbox,
  sender,
  onTried = () => undefined,
  log,
  now = Date.now,
  random = Math.random,
}: DispatcherDeps): Dispatcher {
  let timer: NodeJS.Timeout | undefined;
  let isStarted = false;
  let isStopping = false;
  let isWoken = false;
  let claiming: Promise<number> | undefined;
  let claimedAt = -Infinity;
  /** Sequences being sent, and to which channel. */
  const sending = new Map<Promise<void>, string>();
  /** The notification that those after it in its sequence wait for, and when it is tried again. */
  const awaited = new Map<string, { readonly id: string; readonly retryAt: UnixMs }>();

  async function send(notification: Outgoing): Promise<void> {
    const { id, channel, message, createdAt, attempts } = notification;
    const key = sequenceKey(notification);
    const before = awaited.get(key);
    if (before !== undefined && before.id !== id && now() < before.retryAt + overdueMs) {
      await outbox.failed(notification, 'waits for the notification before it', Math.max(before.retryAt, now()) + 1);
      return;
    }
    const failure = await sender.send(notification).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined) {
      awaited.delete(key);
      await outbox.sent(notification, now());
      onTried(channel, 'sent');
      return;
    }
    const { permanent, retryAfterMs } = failure instanceof SendError ? failure : { permanent: false, retryAfterMs: 0 };
    const backoff = permanent ? undefined : retryAt(attempts, createdAt, now(), random);
    const next = backoff === undefined ? undefined : Math.max(backoff, now() + retryAfterMs);
    const error = describeError(failure);
    log.warn(next === undefined ? 'a notification is given up' : 'a notification will be tried again', {
      channel: channel.name,
      incident: message.incident.title,
      error,
    });
    if (next === undefined) awaited.delete(key);
    else awaited.set(key, { id, retryAt: next });
    await outbox.failed(notification, error, next);
    onTried(channel, next === undefined ? 'given-up' : 'retried');
  }

  async function sendInOrder(sequence: readonly Outgoing[]): Promise<void> {
    try {
      // Each is asked for, also after one that failed: it then learns when to try again.
      for (const notification of sequence) await send(notification);
    } catch (error) {
      log.error('a notification could not be recorded', { error: describeError(error) });
    }
  }

  function begin(sequence: readonly Outgoing[]): void {
    const work = sendInOrder(sequence).finally(() => {
      sending.delete(work);
      // What follows a notification that was just sent is due only now.
      wake();
    });
    sending.set(work, sequence[0]?.channel.id ?? '');
  }

  /** @returns how many were due */
  async function claim(): Promise<number> {
    const perChannel = Map.groupBy(sending.values(), (id) => id);
    const busy = [...perChannel].flatMap(([id, some]) => (some.length >= mostAtOnce ? [id] : []));
    const at = now();
    if (at < claimedAt - toleratedMs) await outbox.clockWasPutBack(at);
    claimedAt = at;
    const due = await outbox.due(at, perClaim, busy);
    for (const sequence of sequences(due)) begin(sequence);
    return due.length;
  }

  async function claimAll(): Promise<number> {
    let claimed = 0;
    for (let due = 1; due > 0 && !isStopping; claimed += due) due = await claim();
    return claimed;
  }

  /** One at a time. */
  function claimNow(): Promise<number> {
    claiming ??= claimAll().finally(() => {
      claiming = undefined;
    });
    return claiming;
  }

  async function poll(): Promise<void> {
    clearTimeout(timer);
    do {
      isWoken = false;
      await claimNow().catch((error: unknown) =>
        log.warn('notifications wait for the database', { error: describeError(error) }),
      );
    } while (isWoken && !isStopping);
    clearTimeout(timer);
    if (!isStopping) timer = setTimeout(() => void poll(), pollMs).unref();
  }

  function wake(): void {
    if (!isStarted || isStopping) return;
    // What is being looked for now may have been looked for too early.
    if (claiming === undefined) void poll();
    else isWoken = true;
  }

  return {
    start() {
      isStarted = true;
      isStopping = false;
      void poll();
    },
    wake,
    async drain() {
      for (;;) {
        const claimed = await claimNow();
        await Promise.all(sending.keys());
        if (claimed === 0 || isStopping) return;
      }
    },
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await claiming?.catch(() => undefined);
      await Promise.all(sending.keys());
    },
  };
}
