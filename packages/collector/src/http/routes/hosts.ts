import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import type { Alerting } from '../../alert/alerting.ts';
import { staleMs, type HostsSeen } from '../../ingest/hosts-seen.ts';
import type { LiveWindows } from '../../ingest/live-window.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';
import { pageOf } from '../api/page-of.ts';

/** `GET /v1/hosts`, `DELETE /v1/hosts/:host`. */
export function hostRoutes(
  api: Api,
  {
    storage,
    windows,
    alerting,
    hostsSeen,
    now,
  }: {
    readonly storage: Pick<Storage, 'deletions' | 'hosts'>;
    readonly windows: Pick<LiveWindows, 'forget'>;
    readonly hostsSeen: HostsSeen;
    readonly alerting: Pick<Alerting, 'forgetHost'>;
    readonly now: () => UnixMs;
  },
): void {
  async function summaries(tenant: TenantScope): Promise<readonly HostSummary[]> {
    const seen = await hostsSeen(tenant);
    const rows = await storage.hosts.list(tenant);
    return rows.map(({ host }) => {
      const one = seen.get(host);
      if (one === undefined) return { host, series: 0, state: 'stale' };
      return { host, ...one, state: now() - one.lastSeen < staleMs ? 'up' : 'stale' };
    });
  }

  api.on('GET /v1/hosts', async ({ tenant, query: { state, ...page } }) => {
    const wanted = (await summaries(tenant)).filter((one) => state === undefined || one.state === state);
    const { items: hosts, ...rest } = pageOf(wanted, ({ host }) => host, page);
    return { hosts, ...rest };
  });
  api.on('DELETE /v1/hosts/{host}', {
    async current({ tenant, params: { host } }) {
      return (await storage.hosts.list(tenant)).some((one) => one.host === host) ? { host } : undefined;
    },
    async handle({ tenant, params: { host }, after }) {
      if (!(await storage.deletions.deleteHost(tenant, host, after))) throw unknownHost(host);
      after(() => {
        windows.forget(tenant, host);
        alerting.forgetHost(tenant, host);
      });
    },
  });
}

export function unknownHost(host: string): TarsierError {
  return new TarsierError('http/not-found', `host: there is no host ${host}`, { field: 'host' });
}
