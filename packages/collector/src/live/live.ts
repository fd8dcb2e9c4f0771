/** The live feed: every committed batch, alert and anomaly to the pages that show it. */
import { upgradeWebSocket } from '@hono/node-server';
import {
  describeError,
  type Alert,
  type Anomaly,
  type AnomalyEvent,
  type Incident,
  type Job,
  type JobWaiting,
  type UnixMs,
} from '@tarsier/protocol';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { WebSocket } from 'ws';
import { LimitError } from '../limit-error.ts';
import type { LiveWindows } from '../ingest/live-window.ts';
import type { Log } from '../log.ts';
import type { Jobs } from '../storage/jobs/jobs.ts';
import type { Models } from '../storage/models.ts';
import { sameOrigin, sessionCookie, type Authenticate } from '../tenancy/authenticate.ts';
import type { Limiter } from '../tenancy/limiter.ts';
import { requireScope } from '../tenancy/permissions.ts';
import type { RefusalBrake } from '../tenancy/refusal-brake.ts';
import type { TenantScope } from '../tenant.ts';
import { createDeltaEncoder } from './frames.ts';
import { createLiveSession, type LiveSession, type LiveSessionDeps } from './session.ts';

export interface Live {
  /** Answers `GET /v1/live`; the server needs a `ws` WebSocketServer. */
  readonly upgrade: MiddlewareHandler;
  broadcastAlert(scope: TenantScope, alert: Alert): void;
  broadcastAnomaly(scope: TenantScope, anomaly: Anomaly): void;
  broadcastEvent(scope: TenantScope, event: AnomalyEvent): void;
  broadcastIncident(scope: TenantScope, incident: Incident): void;
  /** Versions of that model have changed: those who follow models are told what there is now. */
  modelsChanged(scope: TenantScope, name: string): Promise<void>;
  /** Whether anybody here would hear of the tenant's alerts. */
  hasListeners(scope: TenantScope): boolean;
  /** These jobs have changed, maybe: those who show them are told how they are. */
  jobsChanged(tenantId: number, ids: readonly string[]): Promise<void>;
  /** Whether somebody looks at a series of that host now. */
  watched(scope: TenantScope, host: string): boolean;
  /** What is looked at here, by tenant. */
  watching(): ReadonlyMap<number, WatchedHere>;
  /** Says goodbye to all. */
  close(): void;
}

export interface WatchedHere {
  readonly scope: TenantScope;
  readonly selectors: ReadonlySet<string>;
}

/** Largest message of a client, bytes. */
export const maxLiveMessageBytes = 64 * 1024;

/** RFC 6455: the server goes away. */
const goingAway = 1001;

/** How long a client may take to answer the goodbye, before it is cut off. */
const goodbyeMs = 1_000;

interface Connection {
  readonly session: LiveSession;
  readonly socket: WebSocket;
  /** Whether anything came since the last ping. */
  heard: boolean;
}

/** Jobs of one piece of news of which is told why they wait. */
const mostExplained = 3;

/**
 * @param pingMs  how often a client is asked whether it is still there; one that says nothing until the next time is
 *   cut off, so that a machine that was switched off is not watched for
 */
export function createLive({
  jobs,
  waitingOf,
  models,
  act,
  windows,
  authenticate,
  limiter,
  brake,
  onWatch = () => {},
  log,
  now = Date.now,
  pingMs = 30_000,
  tickMs = 1_000,
}: {
  readonly jobs: Pick<Jobs, 'find' | 'events'>;
  /** Why a job waits, and how long it should; undefined for one that does not. */
  readonly waitingOf?: (scope: TenantScope, job: Job) => Promise<JobWaiting | undefined>;
  readonly models: Pick<Models, 'versions'>;
  /** What somebody does about an incident, from a network address. @throws {TarsierError} */
  readonly act: (from: string, ...rest: Parameters<NonNullable<LiveSessionDeps['act']>>) => Promise<Incident>;
  readonly windows: LiveWindows;
  readonly authenticate: Authenticate;
  readonly limiter: Pick<Limiter, 'request' | 'subscription'>;
  /** Has those wait who come back at once when they are refused. */
  readonly brake: RefusalBrake;
  /** What is looked at here may have changed. */
  readonly onWatch?: () => void;
  readonly log: Log;
  readonly now?: () => UnixMs;
  readonly pingMs?: number;
  /** How often slow clients are looked after. */
  readonly tickMs?: number;
}): Live {
  const connections = new Set<Connection>();
  const encodeDelta = createDeltaEncoder();
  let telling = false;
  const timers = [
    setInterval(() => {
      for (const { session } of connections) session.tick();
      void tellWaiting();
    }, tickMs),
    setInterval(() => {
      for (const connection of connections) askWhetherThere(connection);
    }, pingMs),
  ];
  for (const timer of timers) timer.unref();

  function open(
    socket: WebSocket,
    {
      cookie,
      origin,
      from,
    }: { readonly cookie?: string | undefined; readonly origin?: string | undefined; readonly from: string },
  ): Connection {
    const session = createLiveSession({
      transport: {
        // Not copied: a server's frames are sent as they are, the same bytes to all who want them.
        send: (message) => socket.send(message, { compress: false }),
        bufferedAmount: () => socket.bufferedAmount,
        close: (code, reason) => socket.close(code, reason),
      },
      windows,
      async identify(token) {
        const identity = await authenticate({
          authorization: token === undefined ? undefined : `Bearer ${token}`,
          session: cookie,
          origin,
        });
        requireScope(identity, 'view');
        await limiter.request(identity, false).catch(async (error: unknown) => {
          if (error instanceof LimitError) {
            await brake.hold(error.rate ?? { tenantId: identity.tenant.tenantId, requestsPerS: undefined });
          }
          throw error;
        });
        return identity;
      },
      admitSubscription(scope) {
        let open = 0;
        for (const other of connections) open += other.session.subscriptionsOf(scope);
        limiter.subscription(scope, open);
      },
      act: (...action) => act(from, ...action),
      encodeDelta,
      onWatch,
      onFollow({ tenantId }, job) {
        void tell(tenantId, [job]);
      },
      log,
      now,
    });
    const connection: Connection = { session, socket, heard: true };
    socket.on('pong', () => (connection.heard = true));
    connections.add(connection);
    return connection;
  }

  /**
   * Where a job stands in the queue changes with other jobs: those that are followed alone are looked at again, each
   * once, however many follow it, and not again before that is done.
   */
  async function tellWaiting(): Promise<void> {
    if (waitingOf === undefined || telling) return;
    telling = true;
    try {
      const followed = new Map<number, Set<string>>();
      for (const { session } of connections) {
        const one = session.waitsForJob();
        if (one === undefined) continue;
        followed.set(one.tenantId, (followed.get(one.tenantId) ?? new Set()).add(one.job));
      }
      for (const [tenantId, ids] of followed) await tell(tenantId, [...ids]);
    } finally {
      telling = false;
    }
  }

  function tell(tenantId: number, ids: readonly string[]): Promise<void> {
    return jobsChanged(tenantId, ids).catch((error: unknown) => {
      log.warn('a job was not told of', { error: describeError(error) });
    });
  }

  async function jobsChanged(tenantId: number, ids: readonly string[]): Promise<void> {
    const all = [...connections].map(({ session }) => session);
    const wanted = ids.filter((id) => all.some((session) => session.wantsJob(tenantId, id) !== 'no'));
    if (wanted.length === 0) return;
    const scope = { tenantId, tenant: '' };
    for (const job of await jobs.find(scope, wanted)) {
      const after = all.flatMap((session) => {
        const wants = session.wantsJob(tenantId, job.id);
        return typeof wants === 'object' ? wants.eventsAfter : [];
      });
      const events =
        after.length === 0 ? [] : await jobs.events(scope, job.id, { after: Math.min(...after), limit: 10_000 });
      // Of many at once nobody reads why each of them waits.
      const isRead = after.length > 0 || wanted.length <= mostExplained;
      const waiting = isRead ? await waitingOf?.(scope, job) : undefined;
      for (const session of all) {
        const wants = session.wantsJob(tenantId, job.id);
        // Before the state: the last points of a curve come before its end.
        if (typeof wants === 'object') session.jobEvents(job.id, events);
        if (wants !== 'no') session.job(job, waiting);
      }
    }
  }

  const upgrade = upgradeWebSocket((c) => {
    // Only the page itself may use its cookie: another site's script would bring it along, too.
    const trusted = sameOrigin(c.req.header('origin'), c.req.header('host'));
    const cookie = trusted ? getCookie(c, sessionCookie) : undefined;
    let connection: Connection | undefined;
    const end = (): void => {
      if (connection === undefined) return;
      connection.session.end();
      connections.delete(connection);
    };
    return {
      onOpen(_, { raw }) {
        if (!(raw instanceof WebSocket)) throw new TypeError('the live feed needs a WebSocketServer of ws');
        const from = c.env?.incoming?.socket?.remoteAddress ?? '';
        connection = open(raw, { cookie, origin: c.req.header('origin'), from });
      },
      onMessage({ data }) {
        if (connection === undefined) return;
        connection.heard = true;
        void connection.session.receive(typeof data === 'string' ? data : undefined);
      },
      onClose: end,
      onError: end,
    };
  });

  return {
    upgrade,
    broadcastAlert(scope, alert) {
      for (const { session } of connections) session.alert(scope, alert);
    },
    broadcastAnomaly(scope, anomaly) {
      for (const { session } of connections) session.anomaly(scope, anomaly);
    },
    broadcastEvent(scope, event) {
      for (const { session } of connections) session.anomalyEvent(scope, event);
    },
    broadcastIncident(scope, incident) {
      for (const { session } of connections) session.incident(scope, incident);
    },
    async modelsChanged(scope, name) {
      const wanting = [...connections].filter(({ session }) => session.wantsModels(scope.tenantId));
      if (wanting.length === 0) return;
      const versions = await models.versions(scope, name);
      for (const { session } of wanting) if (session.wantsModels(scope.tenantId)) session.models(name, versions);
    },
    hasListeners(scope) {
      for (const { session } of connections) if (session.hearsAlerts(scope)) return true;
      return false;
    },
    jobsChanged,
    watched(scope, host) {
      for (const { session } of connections) if (session.watches(scope, host)) return true;
      return false;
    },
    watching() {
      const all = new Map<number, { readonly scope: TenantScope; readonly selectors: Set<string> }>();
      for (const { session } of connections) {
        const one = session.watching();
        if (one === undefined) continue;
        const { tenantId, tenant } = one.scope;
        const ofTenant = all.get(tenantId) ?? { scope: { tenantId, tenant }, selectors: new Set<string>() };
        for (const selector of one.selectors) ofTenant.selectors.add(selector);
        all.set(tenantId, ofTenant);
      }
      return all;
    },
    close() {
      for (const timer of timers) clearInterval(timer);
      for (const { socket } of connections) socket.close(goingAway, 'the collector stops');
      // The server's own close waits for every connection, also for those that never answer.
      setTimeout(() => {
        for (const { socket } of connections) socket.terminate();
      }, goodbyeMs).unref();
    },
  };
}

function askWhetherThere(connection: Connection): void {
  if (!connection.heard) return connection.socket.terminate();
  connection.heard = false;
  connection.socket.ping();
}
