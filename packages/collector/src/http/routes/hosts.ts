import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { HostsResponse } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Alerting } from '../../alert/alerting.ts';
import type { LiveWindows } from '../../ingest/live-window.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';

/** A host that has been silent this long is stale. */
const staleMs = 60_000;

/** `GET /v1/hosts`, `DELETE /v1/hosts/:host`. */
export function hostRoutes({
  storage,
  windows,
  alerting,
  now,
}: {
  readonly storage: Pick<Storage, 'deletions' | 'hosts'>;
  readonly windows: LiveWindows;
  readonly alerting: Pick<Alerting, 'forgetHost'>;
  readonly now: () => UnixMs;
}): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.delete('/:host', async (c) => {
    const identity = c.get('identity');
    requireScope(identity, 'admin');
    const host = c.req.param('host');
    if (!(await storage.deletions.deleteHost(identity.tenant, host))) {
      throw new TarsierError('http/not-found', `host: there is no host ${host}`, { field: 'host' });
    }
    windows.forget(identity.tenant, host);
    alerting.forgetHost(identity.tenant, host);
    return c.body(null, 204);
  });
  return routes.get('/', async (c) => {
    const identity = c.get('identity');
    requireScope(identity, 'read');
    const live = Map.groupBy(windows.hosts(identity.tenant), ({ host }) => host);
    const rows = await storage.hosts.list(identity.tenant);
    const body: HostsResponse = {
      hosts: rows.map(({ host }) => {
        const ofHost = live.get(host);
        if (ofHost === undefined) return { host, series: 0, state: 'stale' };
        const lastSeen = ofHost.reduce((newest, window) => Math.max(newest, window.lastSeen), 0);
        const series = ofHost.reduce((sum, { schema }) => sum + schema.seriesIds.length, 0);
        return { host, lastSeen, series, state: now() - lastSeen < staleMs ? 'up' : 'stale' };
      }),
    };
    return c.json(body);
  });
}
