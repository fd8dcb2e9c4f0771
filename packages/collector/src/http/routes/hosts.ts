import type { UnixMs } from '@tarsier/protocol';
import type { HostsResponse } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { LiveWindows } from '../../ingest/live-window.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';

/** A host that has been silent this long is stale. */
const staleMs = 60_000;

/** `GET /v1/hosts`. */
export function hostRoutes({
  storage,
  windows,
  now,
}: {
  readonly storage: Pick<Storage, 'hosts'>;
  readonly windows: LiveWindows;
  readonly now: () => UnixMs;
}): Hono<AppEnv> {
  return new Hono<AppEnv>().get('/', async (c) => {
    const identity = c.get('identity');
    requireScope(identity, 'read');
    const live = new Map(windows.hosts(identity.tenant).map((window) => [window.host, window]));
    const rows = await storage.hosts.list(identity.tenant);
    const body: HostsResponse = {
      hosts: rows.map(({ host }) => {
        const window = live.get(host);
        if (window === undefined) return { host, series: 0, state: 'stale' };
        const { lastSeen, schema } = window;
        return { host, lastSeen, series: schema.seriesIds.length, state: now() - lastSeen < staleMs ? 'up' : 'stale' };
      }),
    };
    return c.json(body);
  });
}
