import type { Alert, Anomaly, AnomalyEvent } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import { createGapFiller, fillFrom } from './gap-filler.ts';
import { createLiveClient } from './live-client.ts';
import type { LiveClientOptions } from './live-client.ts';
import { createRest, RequestError } from './rest.ts';
import type { Connection, DataSource, Loadable } from './source.ts';
import type { OpenSocket } from './socket.ts';
import { createStore } from './store.ts';
import type { TokenKeeper } from './token-keeper.ts';
import { anomaliesSince, upsert } from './upsert.ts';

export interface CollectorSourceOptions extends Pick<LiveClientOptions, 'now' | 'random'> {
  /** Where the collector is, no slash at the end; '' is the page's own origin. */
  readonly baseUrl: string;
  /** For pages of other origins; the collector's own page has its session cookie. */
  readonly tokens?: TokenKeeper | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly openSocket: OpenSocket;
}

export interface CollectorSource extends DataSource {
  /** Connects; idempotent. */
  start(): void;
  /** Closes the socket and every timer; `start` resumes. */
  stop(): void;
  /** Stops for good. */
  dispose(): void;
}

const hostsPollMs = 5_000;
/** Somebody who looks at an empty page waits for a first host: that one shows up at once. */
const firstHostPollMs = 1_000;
/** Live messages bring alerts at once; asking again now and then heals what a cut may have lost. */
const alertsPollMs = 30_000;
/** After so many failures in a row the live connection may be impossible, as behind some proxies: samples are polled. */
const pollAfterAttempts = 3;
const samplesPollMs = 5_000;
/** How far back anomalies are kept: longer than any chart of the page. */
const anomalyWindowMs = 30 * 60_000;

/** A collector, as the elements see it: REST for lists, one WebSocket for what moves. */
export function createCollectorSource(options: CollectorSourceOptions): CollectorSource {
  const rest = createRest(options);
  let running = false;

  const hosts = polled<readonly HostSummary[]>(
    (held) => (held.kind === 'ready' && held.value.length > 0 ? hostsPollMs : firstHostPollMs),
    () => rest.hosts(),
  );
  const alerts = polled<readonly Alert[]>(
    () => alertsPollMs,
    () => rest.alerts(),
  );
  const anomalies = createStore<readonly Anomaly[]>([]);
  const events = createStore<readonly AnomalyEvent[]>([]);

  const live = createLiveClient({
    ...options,
    onAlert(alert) {
      const { value } = alerts.store;
      alerts.store.set({ kind: 'ready', value: upsert(value.kind === 'ready' ? value.value : [], alert) });
    },
    onAnomaly(anomaly) {
      anomalies.set(anomaliesSince(upsert(anomalies.value, anomaly), live.now() - anomalyWindowMs));
    },
    onEvent(event) {
      events.set(anomaliesSince(upsert(events.value, event), live.now() - anomalyWindowMs));
    },
    onMissing: (subscription, span) => gaps.fill(subscription, span),
    onWelcome() {
      gaps.retry();
      hosts.refresh();
      alerts.refresh();
      void loadAnomalies();
    },
  });

  async function loadAnomalies(): Promise<void> {
    const from = live.now() - anomalyWindowMs;
    try {
      const to = live.now() + 1000;
      const [loaded, loadedEvents] = await Promise.all([rest.anomalies(from, to), rest.events(from, to)]);
      anomalies.set(anomaliesSince(loaded.reduce<readonly Anomaly[]>(upsert, anomalies.value), from));
      events.set(anomaliesSince(loadedEvents.reduce<readonly AnomalyEvent[]>(upsert, events.value), from));
    } catch (error) {
      failed(error);
    }
  }

  /** Whether it was a refusal for want of a session; then everything waits for a sign-in. */
  function failed(error: unknown): boolean {
    const signedOut = error instanceof RequestError && error.status === 401;
    if (signedOut) live.stop(true);
    return signedOut;
  }

  const gaps = createGapFiller(rest, (error) => failed(error) || !(error instanceof RequestError && error.retryable));

  /** A list that is asked for while somebody shows it; a failure after a success keeps what was shown. */
  function polled<T>(everyMs: (held: Loadable<T>) => number, load: () => Promise<T>) {
    let pending = false;
    const store = createStore<Loadable<T>>({ kind: 'loading' }, () => {
      let timer: ReturnType<typeof setTimeout>;
      const again = (): void => {
        void refresh();
        timer = setTimeout(again, everyMs(store.value));
      };
      again();
      return () => clearTimeout(timer);
    });
    async function refresh(): Promise<void> {
      if (!running || pending || live.connection.value.kind === 'signed-out') return;
      pending = true;
      try {
        store.set({ kind: 'ready', value: await load() });
      } catch (error) {
        if (!failed(error) && error instanceof RequestError && store.value.kind !== 'ready') {
          store.set({ kind: 'failed', error });
        }
      } finally {
        pending = false;
      }
    }
    return { store, refresh: () => void refresh() };
  }

  /** A refused WebSocket upgrade looks like any lost connection; only a request can tell a missing session. */
  async function checkSession(): Promise<void> {
    try {
      await rest.session();
    } catch (error) {
      failed(error);
    }
  }

  function begin(): void {
    live.start();
    hosts.refresh();
    alerts.refresh();
  }

  const connection = createStore<Connection>(live.connection.value);
  let polling: ReturnType<typeof setInterval> | undefined;

  function followConnection(): void {
    const { value } = live.connection;
    if (value.kind === 'offline') {
      void checkSession();
      if (value.attempt >= pollAfterAttempts) polling ??= setInterval(() => void poll(), samplesPollMs);
      // Between two polls it is still polling that goes on.
      if (connection.value.kind === 'polling') return;
    } else {
      clearInterval(polling);
      polling = undefined;
    }
    // A retry in the background is no news while samples come all the same.
    if (value.kind !== 'connecting' || connection.value.kind !== 'polling') connection.set(value);
  }

  async function poll(): Promise<void> {
    const to = live.now();
    try {
      await Promise.all(
        [...live.subscriptions].map((subscription) => {
          const from = Math.max((subscription.heldUntil ?? -Infinity) + 1, to - subscription.query.windowMs);
          return fillFrom(rest, subscription, { from, to });
        }),
      );
      if (polling !== undefined && connection.value.kind === 'offline') {
        connection.set({ kind: 'polling', since: live.now() });
      }
    } catch (error) {
      if (!failed(error)) connection.set(live.connection.value);
    }
  }

  let unfollow: (() => void) | undefined;

  function stop(): void {
    running = false;
    unfollow?.();
    clearInterval(polling);
    polling = undefined;
    gaps.stop();
    live.stop();
  }

  return {
    baseUrl: options.baseUrl,
    connection,
    hosts: hosts.store,
    alerts: alerts.store,
    anomalies,
    events,
    api: rest,
    watch: live.watch,
    jobs: live.jobs,
    now: live.now,
    retry() {
      if (running) begin();
    },
    start() {
      if (running) return;
      running = true;
      unfollow = live.connection.subscribe(followConnection);
      begin();
    },
    stop,
    dispose() {
      stop();
      live.dispose();
    },
  };
}
