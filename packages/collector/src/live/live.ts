/** The live feed: every committed batch, alert and anomaly to the pages that show it. */
import { upgradeWebSocket } from '@hono/node-server';
import { TarsierError, type Alert, type Anomaly, type UnixMs } from '@tarsier/protocol';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { LiveWindows } from '../ingest/live-window.ts';
import type { Log } from '../log.ts';
import { requireScope, sameOrigin, sessionCookie, type Authenticate } from '../tenancy/authenticate.ts';
import type { TenantScope } from '../tenant.ts';
import { createLiveSession, type LiveSession } from './session.ts';

export interface Live {
  /** Answers `GET /v1/live`; the server needs a `ws` WebSocketServer. */
  readonly upgrade: MiddlewareHandler;
  broadcastAlert(scope: TenantScope, alert: Alert): void;
  broadcastAnomaly(scope: TenantScope, anomaly: Anomaly): void;
  /** Whether somebody looks at a series of that host now. */
  watched(scope: TenantScope, host: string): boolean;
  /** Says goodbye to all. */
  close(): void;
}

/** Largest message of a client, bytes. */
export const maxLiveMessageBytes = 64 * 1024;

/** RFC 6455: the server goes away. */
const goingAway = 1001;

export function createLive({
  windows,
  authenticate,
  log,
  now = Date.now,
}: {
  readonly windows: LiveWindows;
  readonly authenticate: Authenticate;
  readonly log: Log;
  readonly now?: () => UnixMs;
}): Live {
  const sessions = new Map<LiveSession, () => void>();

  const upgrade = upgradeWebSocket((c) => {
    // Only the page itself may use its cookie: another site's script would bring it along, too.
    const trusted = sameOrigin(c.req.header('origin'), c.req.header('host'));
    const cookie = trusted ? getCookie(c, sessionCookie) : undefined;
    let session: LiveSession | undefined;
    const end = (): void => {
      if (session === undefined) return;
      session.end();
      sessions.delete(session);
    };
    return {
      onOpen(_, ws) {
        session = createLiveSession({
          transport: {
            send: (message) => ws.send(typeof message === 'string' ? message : new Uint8Array(message)),
            bufferedAmount: () => bufferedAmountOf(ws.raw),
            close: (code, reason) => ws.close(code, reason),
          },
          windows,
          async identify(token) {
            const identity = await authenticate({
              authorization: token === undefined ? undefined : `Bearer ${token}`,
              session: cookie,
            });
            requireScope(identity, 'read');
            return identity.tenant;
          },
          log,
          now,
        });
        sessions.set(session, () => ws.close(goingAway, 'the collector stops'));
      },
      onMessage({ data }, ws) {
        if (typeof data === 'string') return void session?.receive(data);
        ws.send(
          JSON.stringify({ type: 'error', ...new TarsierError('live/request', 'message: expected text').toJSON() }),
        );
      },
      onClose: end,
      onError: end,
    };
  });

  return {
    upgrade,
    broadcastAlert(scope, alert) {
      for (const session of sessions.keys()) session.alert(scope, alert);
    },
    broadcastAnomaly(scope, anomaly) {
      for (const session of sessions.keys()) session.anomaly(scope, anomaly);
    },
    watched: (scope, host) => [...sessions.keys()].some((session) => session.watches(scope, host)),
    close() {
      for (const close of sessions.values()) close();
    },
  };
}

function bufferedAmountOf(socket: unknown): number {
  return typeof socket === 'object' && socket !== null && 'bufferedAmount' in socket
    ? Number(socket.bufferedAmount)
    : 0;
}
