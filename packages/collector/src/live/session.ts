import {
  type Alert,
  type Anomaly,
  type AnomalyEvent,
  describeError,
  type Incident,
  type Job,
  type JobEvent,
  type JobWaiting,
  TarsierError,
  type UnixMs,
} from '@tarsier/protocol';
import type { IncidentAction, Model } from '@tarsier/protocol/api';
import type { LiveGroup, LiveMessage, LiveRequest } from '@tarsier/protocol/live';
import type { HostWindow, LiveWindows } from '../ingest/live-window.ts';
import type { Log } from '../log.ts';
import type { RegisteredSchema } from '../storage/series-catalog.ts';
import type { StoredSamples } from '../stored-samples.ts';
import type { Identity } from '../tenancy/authenticate.ts';
import type { TenantScope } from '../tenant.ts';
import { snapFrames, type EncodeDelta } from './frames.ts';
import { parseLiveRequest } from './request.ts';
import { Subscription } from './subscription.ts';

/** What carries a session's messages: a WebSocket, or a test's list. */
export interface LiveTransport {
  send(message: string | Uint8Array): void;
  /** Bytes that were sent and not yet taken by the network. */
  bufferedAmount(): number;
  close(code: number, reason: string): void;
}

export interface LiveSession {
  /** @param message  undefined for one that was not text */
  receive(message: string | undefined): Promise<void>;
  /** To be called about each second: catches up with what a slow client missed, and sends away who never says hello. */
  tick(): void;
  /** Whether it hears of the tenant's alerts. */
  hearsAlerts(scope: TenantScope): boolean;
  alert(scope: TenantScope, alert: Alert): void;
  anomaly(scope: TenantScope, anomaly: Anomaly): void;
  anomalyEvent(scope: TenantScope, event: AnomalyEvent): void;
  incident(scope: TenantScope, incident: Incident): void;
  wantsModels(tenantId: number): boolean;
  models(name: string, versions: readonly Model[]): void;
  /** Whether it shows that job, and if so whether with its events: those after a number. */
  wantsJob(tenantId: number, id: string): 'no' | 'state' | { readonly eventsAfter: number };
  /** @param waiting  why it does; nothing new about the one that is followed alone is not told again */
  job(job: Job, waiting?: JobWaiting): void;
  /** The job that is followed alone, while it waits. */
  waitsForJob(): { readonly tenantId: number; readonly job: string } | undefined;
  jobEvents(id: string, events: readonly JobEvent[]): void;
  /** How many it has, where it is of that tenant. */
  subscriptionsOf(scope: TenantScope): number;
  /** Whether it shows a series of that host. */
  watches(scope: TenantScope, host: string): boolean;
  /** What it shows, and whose; undefined where it shows nothing. */
  watching(): { readonly scope: TenantScope; readonly selectors: readonly string[] } | undefined;
  /** The transport is gone. */
  end(): void;
}

export interface LiveSessionDeps {
  readonly transport: LiveTransport;
  readonly windows: LiveWindows;
  /** Whose it is; with the token of `hello`, or what is known otherwise. @throws {TarsierError} `auth/…` */
  readonly identify: (token: string | undefined) => Promise<Identity>;
  /** Whether the tenant may have one more subscription. Throws where it may not. */
  readonly admitSubscription?: (scope: TenantScope) => void;
  readonly encodeDelta: EncodeDelta;
  /** Another selector is shown, or one no more. */
  readonly onWatch?: () => void;
  /** Somebody follows a job from now on: what there is of it is to be told. */
  readonly onFollow?: (scope: TenantScope, job: string) => void;
  /** What a person does about an incident. @throws {TarsierError} also `auth/scope` */
  readonly act?: (who: Identity, incident: string, action: IncidentAction) => Promise<Incident>;
  readonly log: Log;
  readonly now: () => UnixMs;
}

/** Close codes: RFC 6455 policy violation, and the range that is free for applications. */
const closeCodes = { policy: 1008, internal: 1011, tryAgainLater: 1013, unauthorised: 4401 } as const;
const unavailable = 'live/unavailable';
const maxSubscriptions = 64;
/** A client that lets this much pile up gets a gap and a fresh start instead of everything. */
const maxBufferedBytes = 1024 * 1024;
/** A client that leaves this much unread does not read at all; alerts and answers would pile up without end. */
const maxUnreadBytes = 16 * 1024 * 1024;
const maxBadRequests = 20;
/** Characters of a job's result that are sent along. */
const maxLiveResult = 64 * 1024;
/** Requests that wait for the ones before them. */
const maxWaitingRequests = 256;
const helloWithinMs = 10_000;
/** Further back than windows are complete after a restart nobody goes on where they were. */
const mostResumedMs = 5 * 60_000;
/** How long one who may no longer listen may still hear. */
const readmitMs = 10_000;

type LiveRequestOf<Type extends LiveRequest['type']> = Extract<LiveRequest, { readonly type: Type }>;

/** What it was let in with, and when that was looked at last. */
interface Admission {
  readonly token: string | undefined;
  at: UnixMs;
}

export function createLiveSession({
  transport,
  windows,
  identify,
  admitSubscription = () => {},
  encodeDelta,
  onWatch = () => {},
  onFollow = () => {},
  act = () => Promise.reject(new TarsierError('live/request', 'act: not here')),
  log,
  now,
}: LiveSessionDeps): LiveSession {
  const openedAt = now();
  const subscriptions = new Map<number, Subscription>();
  let who: Identity | undefined;
  let scope: TenantScope | undefined;
  let admitted: Admission | undefined;
  let unsubscribe = (): void => {};
  let jobs: LiveRequestOf<'jobs'>['which'] = 'none';
  /** What was told of the job that is followed alone while it waits. */
  let waitingTold: string | undefined;
  let alerts: 'all' | 'none' = 'all';
  let models: 'all' | 'none' = 'none';
  let eventsAfter = 0;
  let badRequests = 0;
  let waitingRequests = 0;
  let ended = false;
  let handled = Promise.resolve();

  function send(message: LiveMessage): void {
    if (ended) return;
    if (transport.bufferedAmount() > maxUnreadBytes) sendAway(closeCodes.policy, 'the client does not read');
    else transport.send(JSON.stringify(message));
  }

  /** Who may see some series alone hears of no alerts: they tell of others. */
  function hears({ tenantId }: Pick<TenantScope, 'tenantId'>): boolean {
    return scope?.tenantId === tenantId && scope.view === undefined;
  }

  const hearsAlerts = (of: TenantScope): boolean => alerts === 'all' && hears(of);

  function end(): void {
    ended = true;
    unsubscribe();
    subscriptions.clear();
    onWatch();
  }

  function sendAway(code: number, reason: string): void {
    if (ended) return;
    end();
    transport.close(code, reason);
  }

  function fail(error: unknown, id?: number): void {
    if (!(error instanceof TarsierError)) log.error('a live request failed', { error: describeError(error) });
    const shown =
      error instanceof TarsierError
        ? error
        : new TarsierError('live/internal', 'something went wrong here', { retryable: true });
    send({ type: 'error', ...(id === undefined ? {} : { id }), error: shown.toJSON().error });
    // What one of its requests may not do is that request's matter alone.
    if (shown.code === 'auth/scope' && id !== undefined) badRequests++;
    else if (shown.code.startsWith('auth/')) sendAway(closeCodes.unauthorised, shown.code);
    else if (shown.code === unavailable || (shown.code.startsWith('limit/') && who === undefined))
      sendAway(closeCodes.tryAgainLater, shown.code);
    else if (++badRequests > maxBadRequests) sendAway(closeCodes.policy, 'too many bad requests');
  }

  function announce(subscription: Subscription, schema: RegisteredSchema): void {
    const series = subscription.announce(schema);
    if (series.length > 0) send({ type: 'series', id: subscription.id, series });
  }

  /** Sends everything that the subscription may show, once its series are announced. */
  function snap(subscription: Subscription, hosts: readonly HostWindow[]): void {
    if (transport.bufferedAmount() > maxBufferedBytes) {
      subscription.laggingSince ??= now();
      return;
    }
    for (const frame of snapFrames(subscription.id, groups(subscription, hosts))) transport.send(frame);
  }

  /** Goes on where the client was, where all since then is here; else it is told of the gap and begins anew. */
  function resume(subscription: Subscription, hosts: readonly HostWindow[], since: UnixMs): void {
    const forgotten = hosts.reduce(
      (until, host) => (subscription.matches(host.schema) ? Math.max(until, host.forgottenUntil) : until),
      now() - mostResumedMs,
    );
    if (forgotten > since) {
      send({ type: 'gap', id: subscription.id, from: since, to: Math.min(forgotten, now()) });
      return snap(subscription, hosts);
    }
    if (transport.bufferedAmount() > maxBufferedBytes) return snap(subscription, hosts);
    const newer = groups(subscription, hosts, since);
    for (const frame of snapFrames(subscription.id, newer, undefined, 'delta')) transport.send(frame);
  }

  /** One host after the other: the rows of a large fleet are not held all at once. */
  function* groups(
    subscription: Subscription,
    hosts: readonly HostWindow[],
    after: UnixMs = now() - subscription.windowMs - 1,
  ): Iterable<LiveGroup> {
    for (const host of hosts) {
      if (!subscription.matches(host.schema)) continue;
      announce(subscription, host.schema);
      const group = subscription.group(host.schema, host.rows(after), after);
      if (group !== undefined) yield group;
    }
  }

  /** A fresh start for a client that was too slow, as soon as it has read what waits for it. */
  function catchUp(subscription: Subscription, since: UnixMs): void {
    if (scope === undefined || transport.bufferedAmount() > maxBufferedBytes) return;
    send({ type: 'gap', id: subscription.id, from: since, to: now() });
    subscription.laggingSince = undefined;
    snap(subscription, windows.hosts(scope));
  }

  function delta(subscription: Subscription, stored: StoredSamples): void {
    const { schema, matrix } = stored;
    if (!subscription.matches(schema)) return;
    if (subscription.laggingSince !== undefined) return catchUp(subscription, subscription.laggingSince);
    if (transport.bufferedAmount() > maxBufferedBytes) {
      subscription.laggingSince = matrix.times[0] ?? now();
      return;
    }
    announce(subscription, schema);
    const group = subscription.group(schema, matrix);
    if (group !== undefined) transport.send(encodeDelta(stored, subscription, group));
  }

  function hear(stored: StoredSamples): void {
    try {
      for (const subscription of subscriptions.values()) delta(subscription, stored);
    } catch (error) {
      // The other sessions hear of the same batch after this one.
      log.error('a live session failed', { error: describeError(error) });
      sendAway(closeCodes.internal, 'something went wrong here');
    }
  }

  async function hello(token: string | undefined): Promise<void> {
    const found = await identify(token).catch((cause: unknown) => {
      // A limit is said by its name.
      if (!(cause instanceof TarsierError) || !cause.retryable || cause.code.startsWith('limit/')) throw cause;
      // A database that is away is not the client's fault: it comes again, instead of asking its user to sign in.
      throw new TarsierError(unavailable, cause.message, { cause, retryable: true });
    });
    if (ended) return;
    if (scope !== undefined && scope.tenantId !== found.tenant.tenantId) {
      throw new TarsierError(
        'live/hello',
        'hello: expected a token of the same tenant again; connect anew for another',
      );
    }
    if (scope === undefined) unsubscribe = windows.subscribe(found.tenant, hear);
    admit(found, token);
    send({ type: 'welcome', now: now(), tenant: found.tenant.tenant });
  }

  /** From now on it sees what this token may see: one that lasts longer is given before the former ends. */
  function admit(found: Identity, token: string | undefined): void {
    const before = scope;
    who = found;
    scope = found.tenant;
    admitted = { token, at: now() };
    if (before?.view === undefined && scope.view === undefined) return;
    for (const { id, selector, windowMs } of subscriptions.values()) {
      subscriptions.set(id, new Subscription(id, selector, windowMs, scope));
    }
  }

  /** Whoever lost their right to listen is sent away: by expiry, revocation or sign-out. */
  async function readmit({ token }: Admission): Promise<void> {
    try {
      const found = await identify(token);
      if (!ended && admitted?.token === token) admit(found, token);
    } catch (error) {
      if (!(error instanceof TarsierError && error.retryable)) fail(error);
    }
  }

  function subscribe(tenant: TenantScope, { id, selector, windowMs, since }: LiveRequestOf<'sub'>): void {
    if (!subscriptions.has(id) && subscriptions.size >= maxSubscriptions) {
      throw new TarsierError('live/subscriptions', `sub: expected at most ${maxSubscriptions} subscriptions`);
    }
    if (!subscriptions.has(id)) admitSubscription(tenant);
    const subscription = new Subscription(id, selector, windowMs, tenant);
    subscriptions.set(id, subscription);
    const hosts = windows.hosts(tenant);
    if (since === undefined) snap(subscription, hosts);
    else resume(subscription, hosts, since);
    onWatch();
  }

  function unsubscribeFrom(id: number): void {
    subscriptions.delete(id);
    onWatch();
  }

  function followJobs(tenant: TenantScope, which: typeof jobs): void {
    jobs = which;
    waitingTold = undefined;
    eventsAfter = typeof which === 'object' ? (which.after ?? 0) : 0;
    if (typeof which === 'object') onFollow(tenant, which.job);
  }

  function about(tenant: TenantScope, request: LiveRequestOf<'alerts' | 'jobs' | 'models'>): void {
    if (tenant.view !== undefined) throw new TarsierError('auth/scope', 'a view token hears of series alone');
    if (request.type === 'jobs') followJobs(tenant, request.which);
    else if (request.type === 'alerts') alerts = request.which;
    else models = request.which;
  }

  async function handle(text: string | undefined): Promise<void> {
    if (text === undefined) throw new TarsierError('live/request', 'message: expected text, got bytes');
    const request = parseLiveRequest(text);
    if (request.type === 'hello') return hello(request.token);
    if (request.type === 'ping') return send({ type: 'pong', at: request.at, now: now() });
    if (scope === undefined || who === undefined) throw new TarsierError('auth/missing', 'expected hello first');
    if (request.type === 'jobs' || request.type === 'alerts' || request.type === 'models') return about(scope, request);
    try {
      if (request.type === 'sub') subscribe(scope, request);
      else if (request.type === 'unsub') unsubscribeFrom(request.id);
      else {
        const incident = await act(who, request.incident, request.action);
        send({ type: 'acted', id: request.id, incident });
      }
    } catch (error) {
      fail(error, request.id);
    }
  }

  return {
    receive(message) {
      if (++waitingRequests > maxWaitingRequests) sendAway(closeCodes.policy, 'too many requests at once');
      // One after the other: what follows hello waits until it is known who asks.
      handled = handled
        .then(() => (ended ? undefined : handle(message)))
        .catch((error: unknown) => fail(error))
        .finally(() => waitingRequests--);
      return handled;
    },
    tick() {
      if (scope === undefined && now() - openedAt > helloWithinMs) sendAway(closeCodes.unauthorised, 'no hello');
      if (admitted !== undefined && now() - admitted.at >= readmitMs) {
        admitted.at = now();
        void readmit(admitted);
      }
      for (const subscription of subscriptions.values()) {
        if (subscription.laggingSince !== undefined) catchUp(subscription, subscription.laggingSince);
      }
    },
    hearsAlerts: hears,
    alert(of, alert) {
      if (hearsAlerts(of)) send({ type: 'alert', alert });
    },
    anomaly(of, anomaly) {
      if (hearsAlerts(of)) send({ type: 'anomaly', anomaly });
    },
    anomalyEvent(of, event) {
      if (hearsAlerts(of)) send({ type: 'anomaly-event', event });
    },
    incident(of, incident) {
      if (hearsAlerts(of)) send({ type: 'incident', incident });
    },
    wantsModels: (tenantId) => models === 'all' && hears({ tenantId }),
    models: (name, versions) => send({ type: 'models', name, versions }),
    wantsJob(tenantId, id) {
      if (!hears({ tenantId }) || jobs === 'none') return 'no';
      if (jobs === 'all') return 'state';
      if (jobs.job === id) return { eventsAfter };
      return jobs.others === true ? 'state' : 'no';
    },
    waitsForJob() {
      if (scope === undefined || typeof jobs !== 'object' || waitingTold === undefined) return undefined;
      return { tenantId: scope.tenantId, job: jobs.job };
    },
    job(job, waiting) {
      if (typeof jobs === 'object' && jobs.job === job.id) {
        const told = waiting === undefined ? undefined : JSON.stringify([job, waiting.ahead, waiting.reasons]);
        if (told !== undefined && told === waitingTold) return;
        waitingTold = told;
      }
      const isLarge = job.result !== undefined && JSON.stringify(job.result).length > maxLiveResult;
      const { result, ...rest } = job;
      const shown = isLarge ? rest : { ...rest, ...(result === undefined ? {} : { result }) };
      send({ type: 'job', job: shown, ...(waiting === undefined ? {} : { waiting }) });
    },
    jobEvents(id, events) {
      for (const event of events) {
        // Two looks at the same time find the same.
        if (event.number <= eventsAfter) continue;
        eventsAfter = event.number;
        if (event.kind !== 'progress') continue;
        const { kind: _, number, at, ...progress } = event;
        send({ type: 'job-progress', job: id, number, at, progress });
      }
    },
    subscriptionsOf: (of) => (of.tenantId === scope?.tenantId ? subscriptions.size : 0),
    watches: (of, host) =>
      of.tenantId === scope?.tenantId &&
      [...subscriptions.values()].some((subscription) => subscription.hosts.has(host)),
    watching() {
      if (scope === undefined || subscriptions.size === 0) return undefined;
      return { scope, selectors: Array.from(subscriptions.values(), ({ selector }) => selector) };
    },
    end,
  };
}
