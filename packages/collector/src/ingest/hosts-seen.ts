import type { UnixMs } from '@tarsier/protocol';
import type { Batches } from '../storage/batches.ts';
import type { TenantScope } from '../tenant.ts';
import type { LiveWindows } from './live-window.ts';

export interface SeenHost {
  /** Time of the newest sample. */
  readonly lastSeen: UnixMs;
  readonly series: number;
}

/**
 * By name: hosts of which samples have come of late, here or at another collector.
 *
 * @param hosts  only these are asked about elsewhere; undefined for all
 */
export type HostsSeen = (scope: TenantScope, hosts?: readonly string[]) => Promise<ReadonlyMap<string, SeenHost>>;

/** A host that has been silent this long is stale. */
export const staleMs = 60_000;

/** @param comesElsewhere  whether samples of the tenant may come to other collectors and not here */
export function createHostsSeen({
  windows,
  batches,
  comesElsewhere,
  now,
}: {
  readonly windows: Pick<LiveWindows, 'hosts'>;
  readonly batches: Pick<Batches, 'hostsSince'>;
  readonly comesElsewhere: (scope: TenantScope) => boolean;
  readonly now: () => UnixMs;
}): HostsSeen {
  return async (scope, hosts) => {
    const seen = new Map<string, SeenHost>();
    for (const { host, lastSeen, schema } of windows.hosts(scope)) {
      const before = seen.get(host) ?? { lastSeen: 0, series: 0 };
      const series = before.series + schema.seriesIds.length;
      seen.set(host, { lastSeen: Math.max(before.lastSeen, lastSeen), series });
    }
    if (hosts?.length === 0 || !comesElsewhere(scope)) return seen;
    for (const { host, ...there } of await batches.hostsSince(scope, now() - staleMs, hosts)) {
      const here = seen.get(host);
      if (here === undefined || here.lastSeen < there.lastSeen)
        seen.set(host, { ...there, ...(here && { series: here.series }) });
    }
    return seen;
  };
}
