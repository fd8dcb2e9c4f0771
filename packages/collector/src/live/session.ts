import { type Alert, type Anomaly, describeError, TarsierError, type UnixMs } from '@tarsier/protocol';
import { encodeLiveFrame, type LiveGroup, type LiveMessage } from '@tarsier/protocol/live';
import type { HostWindow, LiveWindows } from '../ingest/live-window.ts';
import type { Log } from '../log.ts';
import { compileMatchers, parseSelector } from '../query/selector.ts';
import type { StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
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
  receive(message: string): Promise<void>;
  alert(scope: TenantScope, alert: Alert): void;
  anomaly(scope: TenantScope, anomaly: Anomaly): void;
  /** Whether it shows a series of that host. */
  watches(scope: TenantScope, host: string): boolean;
  /** The transport is gone. */
  end(): void;
}

export interface LiveSessionDeps {
  readonly transport: LiveTransport;
  readonly windows: LiveWindows;
  /** Whose it is; with the token of `hello`, or what is known otherwise. @throws {TarsierError} `auth/…` */
  readonly identify: (token: string | undefined) => Promise<TenantScope>;
  readonly log: Log;
  readonly now: () => UnixMs;
}

/** Close codes: RFC 6455 policy violation, and the range that is free for applications. */
const closeCodes = { policy: 1008, unauthorised: 4401 } as const;
const maxSubscriptions = 64;
/** A client that lets this much pile up gets a gap and a fresh start instead of everything. */
const maxBufferedBytes = 1024 * 1024;
const maxBadRequests = 20;

export function createLiveSession({ transport, windows, identify, log, now }: LiveSessionDeps): LiveSession {
  const subscriptions = new Map<number, Subscription>();
  let scope: TenantScope | undefined;
  let unsubscribe = (): void => {};
  let badRequests = 0;
  let ended = false;
  let handled = Promise.resolve();

  const send = (message: LiveMessage): void => transport.send(JSON.stringify(message));

  function fail(error: unknown, id?: number): void {
    if (!(error instanceof TarsierError)) log.error('a live request failed', { error: describeError(error) });
    const shown =
      error instanceof TarsierError
        ? error
        : new TarsierError('live/internal', 'something went wrong here', { retryable: true });
    send({ type: 'error', ...(id === undefined ? {} : { id }), error: shown.toJSON().error });
    if (shown.code.startsWith('auth/')) transport.close(closeCodes.unauthorised, shown.code);
    else if (++badRequests > maxBadRequests) transport.close(closeCodes.policy, 'too many bad requests');
  }

  /** Sends everything that the subscription may show, once its series are announced. */
  function snap(subscription: Subscription, hosts: readonly HostWindow[]): void {
    subscription.restart();
    const from = now() - subscription.windowMs;
    const groups: LiveGroup[] = [];
    for (const host of hosts) {
      const fresh = subscription.announce(host.schema);
      if (fresh.length > 0) send({ type: 'series', id: subscription.id, series: fresh });
      const group = subscription.group(host.schema, host.rows(from));
      if (group !== undefined) groups.push(group);
    }
    transport.send(encodeLiveFrame({ kind: 'snap', id: subscription.id, groups }));
  }

  function delta(subscription: Subscription, { schema, matrix }: StoredSamples): void {
    if (!subscription.matches(schema)) return;
    if (transport.bufferedAmount() > maxBufferedBytes) {
      subscription.laggingSince ??= matrix.times[0] ?? now();
      return;
    }
    if (subscription.laggingSince !== undefined && scope !== undefined) {
      send({ type: 'gap', id: subscription.id, from: subscription.laggingSince, to: now() });
      subscription.laggingSince = undefined;
      snap(subscription, windows.hosts(scope));
      return;
    }
    const fresh = subscription.announce(schema);
    if (fresh.length > 0) send({ type: 'series', id: subscription.id, series: fresh });
    const group = subscription.group(schema, matrix);
    if (group !== undefined) transport.send(encodeLiveFrame({ kind: 'delta', id: subscription.id, groups: [group] }));
  }

  async function hello(token: string | undefined): Promise<void> {
    if (scope !== undefined) throw new TarsierError('live/hello', 'hello: expected once');
    const found = await identify(token);
    if (ended) return;
    scope = found;
    unsubscribe = windows.subscribe(found, (stored) => {
      for (const subscription of subscriptions.values()) delta(subscription, stored);
    });
    send({ type: 'welcome', now: now(), tenant: found.tenant });
  }

  function subscribe(tenant: TenantScope, id: number, selector: string, windowMs: number): void {
    if (!subscriptions.has(id) && subscriptions.size >= maxSubscriptions) {
      throw new TarsierError('live/subscriptions', `sub: expected at most ${maxSubscriptions} subscriptions`);
    }
    const subscription = new Subscription(id, compileMatchers(parseSelector(selector)), windowMs);
    subscriptions.set(id, subscription);
    snap(subscription, windows.hosts(tenant));
  }

  async function handle(text: string): Promise<void> {
    const request = parseLiveRequest(text);
    if (request.type === 'hello') return hello(request.token);
    if (request.type === 'ping') return send({ type: 'pong', at: request.at, now: now() });
    if (scope === undefined) throw new TarsierError('auth/missing', 'expected hello first');
    try {
      if (request.type === 'sub') subscribe(scope, request.id, request.selector, request.windowMs);
      else subscriptions.delete(request.id);
    } catch (error) {
      fail(error, request.id);
    }
  }

  return {
    receive(message) {
      // One after the other: what follows hello waits until it is known who asks.
      handled = handled.then(() => (ended ? undefined : handle(message))).catch((error: unknown) => fail(error));
      return handled;
    },
    alert(of, alert) {
      if (of.tenantId === scope?.tenantId) send({ type: 'alert', alert });
    },
    anomaly(of, anomaly) {
      if (of.tenantId === scope?.tenantId) send({ type: 'anomaly', anomaly });
    },
    watches: (of, host) =>
      of.tenantId === scope?.tenantId &&
      [...subscriptions.values()].some((subscription) => subscription.hosts.has(host)),
    end() {
      ended = true;
      unsubscribe();
      subscriptions.clear();
    },
  };
}
