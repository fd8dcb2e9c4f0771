import type { Alert, Anomaly, AnomalyEvent, UnixMs } from '@tarsier/protocol';
import { decodeLiveFrame } from '@tarsier/protocol/live';
import type { LiveMessage, LiveRequest } from '@tarsier/protocol/live';
import { reconnectDelayMs } from './backoff.ts';
import { HeldSubscription } from './held-subscription.ts';
import { createJobNews } from './job-news.ts';
import type { JobNews } from './job-news.ts';
import type { Connection, LiveQuery, LiveSubscription } from './source.ts';
import type { OpenSocket, Socket } from './socket.ts';
import type { TokenKeeper } from './token-keeper.ts';
import type { Span } from './time-range.ts';
import { createStore } from './store.ts';
import type { Readable } from './store.ts';

export interface LiveClientOptions {
  readonly openSocket: OpenSocket;
  /** Sent in `hello`, and again when it was renewed; absent where the session cookie says who we are. */
  readonly tokens?: Pick<TokenKeeper, 'current' | 'renew' | 'subscribe'> | undefined;
  readonly onAlert: (alert: Alert) => void;
  readonly onAnomaly: (anomaly: Anomaly) => void;
  readonly onEvent: (event: AnomalyEvent) => void;
  /** A snapshot begins later than what was held, or than the window: to be filled from elsewhere. */
  readonly onMissing: (subscription: HeldSubscription, span: Span) => void;
  /** After each `welcome`: what came meanwhile was missed. */
  readonly onWelcome: () => void;
  readonly now?: () => UnixMs;
  readonly random?: () => number;
}

export interface LiveClient {
  readonly connection: Readable<Connection>;
  watch(query: LiveQuery, changed: () => void): LiveSubscription;
  readonly jobs: JobNews;
  /** What is watched now. */
  readonly subscriptions: Iterable<HeldSubscription>;
  /** The collector's clock, as far as it is known. */
  now(): UnixMs;
  /** Connects, or tries again at once. */
  start(): void;
  /** Ends for good, until `start`; `signedOut` says why. */
  stop(signedOut?: boolean): void;
  /** Ends, and forgets its tokens' keeper. */
  dispose(): void;
}

const pingIntervalMs = 15_000;
/** Nothing heard for so long: the connection is half open, whatever the socket says. */
const silenceLimitMs = 31_000;
/** A connection that held for so long starts the backoff anew. */
const healthyAfterMs = 60_000;
/** Close code of a session or token that is not (or no longer) good. */
const unauthorizedCode = 4401;

/** One WebSocket for a page: reconnects, resubscribes, and keeps samples over both. */
export function createLiveClient(options: LiveClientOptions): LiveClient {
  const {
    openSocket,
    tokens,
    onAlert,
    onAnomaly,
    onEvent,
    onMissing,
    onWelcome,
    now = Date.now,
    random = Math.random,
  } = options;
  const connection = createStore<Connection>({ kind: 'connecting', since: now() });
  const subscriptions = new Map<number, HeldSubscription>();
  let socket: Socket | undefined;
  let nextId = 1;
  let attempt = 0;
  /** Of tokens, in a row. */
  let refusals = 0;
  /** The token that is held was refused. */
  let mustRenew = false;
  /** Until `start`, whatever tokens come. */
  let stopped = true;
  let skewMs = 0;
  let lastHeard = 0;
  let welcomedAt: UnixMs | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let pingTimer: ReturnType<typeof setInterval> | undefined;

  function send(request: LiveRequest): void {
    if (socket?.open === true) socket.send(JSON.stringify(request));
  }

  function subscribe({ id, query, completeUntil }: HeldSubscription): void {
    const { selector, windowMs } = query;
    send({ type: 'sub', id, selector, windowMs, ...(completeUntil === undefined ? {} : { since: completeUntil }) });
  }

  const jobs = createJobNews((which) => {
    if (welcomedAt !== undefined) send({ type: 'jobs', which });
  });

  async function hello(opening: Socket): Promise<void> {
    if (tokens === undefined) return send({ type: 'hello' });
    try {
      const token = await (mustRenew ? tokens.renew() : tokens.current());
      if (socket === opening) send({ type: 'hello', token });
    } catch {
      // Without a token there is nothing to say; the next try asks for one again.
      if (socket !== opening) return;
      lost(1006);
      opening.close();
    }
  }

  const endRenewals = tokens?.subscribe((token) => {
    mustRenew = false;
    if (connection.value.kind === 'signed-out') {
      // What gave out wrong tokens may be mended by now. Each is tried once: when it is refused, the next one comes in time.
      if (!stopped) resume(1);
    } else if (welcomedAt !== undefined) {
      // A token that follows another is told in band: the connection and its subscriptions go on.
      send({ type: 'hello', token });
    }
  });

  function resume(refusedBefore: number): void {
    if (socket !== undefined) return;
    if (connection.value.kind === 'signed-out') connection.set({ kind: 'connecting', since: now() });
    refusals = refusedBefore;
    connect();
  }

  function connect(): void {
    clearTimeout(retryTimer);
    retryTimer = undefined;
    welcomedAt = undefined;
    lastHeard = now();
    const opening: Socket = openSocket({
      opened: () => void hello(opening),
      text(text) {
        lastHeard = now();
        hear(parseMessage(text));
      },
      bytes(bytes) {
        lastHeard = now();
        hearFrame(bytes);
      },
      closed(code) {
        // One that was given up already has its successor.
        if (socket === opening) lost(code);
      },
    });
    socket = opening;
    pingTimer ??= setInterval(heartbeat, pingIntervalMs);
  }

  function heartbeat(): void {
    if (now() - lastHeard > silenceLimitMs) {
      const silent = socket;
      lost(1006);
      silent?.close();
    } else {
      send({ type: 'ping', at: now() });
    }
  }

  function hear(message: LiveMessage | undefined): void {
    switch (message?.type) {
      case 'welcome':
        skewMs = message.now - now();
        // The answer to a renewed token: everything goes on.
        if (welcomedAt !== undefined) return;
        welcomedAt = now();
        refusals = 0;
        connection.set({ kind: 'live', since: now() });
        for (const subscription of subscriptions.values()) {
          subscription.connected();
          subscribe(subscription);
        }
        jobs.askAgain();
        return onWelcome();
      case 'pong':
        // Half of the round trip is the best guess of when the collector looked at its clock.
        skewMs = message.now - (message.at + now()) / 2;
        return;
      case 'series':
        // Ready is when the snapshot follows; until then nobody knows whether there are samples.
        return subscriptions.get(message.id)?.announce(message.series);
      case 'error': {
        const subscription = subscriptions.get(message.id ?? -1);
        if (subscription !== undefined) {
          subscription.state = { kind: 'failed', error: message.error };
          return subscription.changed();
        }
        // What is about one request, as for jobs with a token for series alone, leaves the others as they are.
        if (message.id === undefined && message.error.code.startsWith('auth/') && message.error.code !== 'auth/scope') {
          // The close that follows is as good: by then there may be another session, or another token.
          if (tokens === undefined && welcomedAt === undefined) end(true);
        }
        return;
      }
      case 'alert':
        return onAlert(message.alert);
      case 'anomaly':
        return onAnomaly(message.anomaly);
      case 'anomaly-event':
        return onEvent(message.event);
      case 'incident':
        // Its elements read incidents anew whenever an alert changes.
        return;
      case 'job':
      case 'job-progress':
        return jobs.hear(message);
      case 'models':
      case 'acted':
        // They come only where they were asked for.
        return;
      case 'gap':
        return subscriptions.get(message.id)?.leaveOut(message);
      case undefined:
        return;
    }
  }

  function hearFrame(bytes: Uint8Array): void {
    const frame = decodeLiveFrame(bytes);
    const subscription = subscriptions.get(frame.id);
    if (subscription === undefined) return;
    const missing = subscription.take(frame);
    subscription.state = { kind: 'ready' };
    subscription.changed();
    if (missing !== undefined) onMissing(subscription, missing);
  }

  function lost(code: number): void {
    socket = undefined;
    if (code === unauthorizedCode && !tokenMayBeOld()) return end(true);
    if (welcomedAt !== undefined && now() - welcomedAt > healthyAfterMs) attempt = 0;
    attempt++;
    const delay = reconnectDelayMs(attempt, random());
    const { value } = connection;
    const since = value.kind === 'offline' ? value.since : now();
    connection.set(
      code === unauthorizedCode
        ? { kind: 'connecting', since: now() }
        : { kind: 'offline', since, attempt, retryAt: now() + delay },
    );
    retryTimer = setTimeout(connect, delay);
  }

  /**
   * A refused token is worth one other one; a second refusal in a row is meant. Of a cookie that let in before there may
   * be another by now: who has set up a second factor has a new session.
   */
  function tokenMayBeOld(): boolean {
    if (tokens === undefined) return welcomedAt !== undefined;
    mustRenew = true;
    return refusals++ === 0;
  }

  function end(signedOut: boolean): void {
    clearTimeout(retryTimer);
    clearInterval(pingTimer);
    retryTimer = pingTimer = undefined;
    const open = socket;
    socket = undefined;
    open?.close();
    if (!signedOut) return;
    connection.set({ kind: 'signed-out', since: now(), ...(tokens === undefined ? {} : { reason: 'token' }) });
  }

  return {
    connection,
    get subscriptions() {
      return subscriptions.values();
    },
    jobs,
    now: () => now() + skewMs,
    start() {
      stopped = false;
      resume(0);
    },
    stop(signedOut = false) {
      // A refusal is no wish of the page: another token may end it.
      if (!signedOut) stopped = true;
      end(signedOut);
    },
    dispose() {
      endRenewals?.();
      end(false);
    },
    watch(query, changed) {
      const shared = [...subscriptions.values()].find(
        (other) => other.query.selector === query.selector && other.query.windowMs === query.windowMs,
      );
      const subscription = shared ?? new HeldSubscription(nextId++, query);
      const listener = (): void => changed();
      subscription.listeners.add(listener);
      if (shared === undefined) {
        subscriptions.set(subscription.id, subscription);
        if (connection.value.kind === 'live') subscribe(subscription);
      }
      return {
        get state() {
          return subscription.state;
        },
        get series() {
          return subscription.series;
        },
        close() {
          if (!subscription.listeners.delete(listener)) return;
          // An element that is moved in the document leaves and is back in one task: what is held stays.
          queueMicrotask(() => {
            if (subscription.listeners.size > 0 || !subscriptions.delete(subscription.id)) return;
            send({ type: 'unsub', id: subscription.id });
          });
        },
      };
    },
  };
}

/** A message of an unknown type, as a newer collector may send, is passed over. */
function parseMessage(text: string): LiveMessage | undefined {
  const parsed: unknown = JSON.parse(text);
  // The collector is the other half of this program and sends LiveMessage; unknown types fall through the switch.
  return typeof parsed === 'object' && parsed !== null && 'type' in parsed ? (parsed as LiveMessage) : undefined;
}
