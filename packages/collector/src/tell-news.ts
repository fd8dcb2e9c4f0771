/** What another collector has saved, to the people who look at this one. */
import type { NewsKind } from './cluster/messages.ts';
import type { Live } from './live/live.ts';
import type { Storage } from './storage/storage.ts';
import type { TenantScope } from './tenant.ts';

export function createNewsTeller({
  storage,
  live,
}: {
  readonly storage: Pick<Storage, 'alerts' | 'anomalies' | 'anomalyEvents' | 'incidents'>;
  readonly live: Pick<
    Live,
    'hasListeners' | 'broadcastAlert' | 'broadcastAnomaly' | 'broadcastEvent' | 'broadcastIncident'
  >;
}): (scope: TenantScope, what: NewsKind, ids: readonly string[]) => Promise<void> {
  return async (scope, what, ids) => {
    if (!live.hasListeners(scope)) return;
    switch (what) {
      case 'alerts':
        for (const one of await storage.alerts.byIds(scope, ids)) live.broadcastAlert(scope, one);
        return;
      case 'anomalies':
        for (const one of await storage.anomalies.byIds(scope, ids)) live.broadcastAnomaly(scope, one);
        return;
      case 'events':
        for (const one of await storage.anomalyEvents.byIds(scope, ids)) live.broadcastEvent(scope, one);
        return;
      case 'incidents':
        for (const one of await storage.incidents.byIds(scope, ids)) live.broadcastIncident(scope, one);
    }
  };
}
