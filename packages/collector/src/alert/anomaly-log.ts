import { type Anomaly, describeError } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { TenantScope } from '../tenant.ts';

export interface AnomalyLog {
  /** Keeps the newest form of the anomaly until it is written. */
  record(scope: TenantScope, anomaly: Anomaly): void;
  /** Writes what waits; what can't be written waits for the next call. */
  flush(): Promise<void>;
}

/** Most anomalies that wait for the database; past it the oldest are dropped and logged. */
const maxWaiting = 10_000;

/**
 * Writes anomalies behind the ingest path. An anomaly changes many times while it lasts; only its newest form is
 * written, by id, so a restart or a repeated write changes nothing.
 */
export function createAnomalyLog({
  anomalies,
  log,
}: {
  readonly anomalies: { save(scope: TenantScope, anomalies: readonly Anomaly[]): Promise<void> };
  readonly log: Log;
}): AnomalyLog {
  const waiting = new Map<string, { readonly scope: TenantScope; readonly anomaly: Anomaly }>();
  let flushing: Promise<void> | undefined;
  let failing = false;

  async function writeAll(): Promise<void> {
    const byTenant = Map.groupBy(waiting.values(), ({ scope }) => scope.tenantId);
    for (const entries of byTenant.values()) {
      const [first] = entries;
      if (first === undefined) continue;
      try {
        await anomalies.save(
          first.scope,
          entries.map(({ anomaly }) => anomaly),
        );
      } catch (error) {
        if (!failing) log.warn('anomalies wait for the database', { error: describeError(error) });
        failing = true;
        continue;
      }
      failing = false;
      // What changed during the write stays for the next one.
      for (const { scope, anomaly } of entries) {
        const key = `${scope.tenantId}/${anomaly.id}`;
        if (waiting.get(key)?.anomaly === anomaly) waiting.delete(key);
      }
    }
  }

  return {
    record(scope, anomaly) {
      waiting.set(`${scope.tenantId}/${anomaly.id}`, { scope, anomaly });
      if (waiting.size <= maxWaiting) return;
      const [oldest] = waiting.keys();
      if (oldest === undefined) return;
      waiting.delete(oldest);
      log.warn('an anomaly was dropped: too many wait for the database', { waiting: maxWaiting });
    },
    async flush() {
      flushing ??= writeAll().finally(() => {
        flushing = undefined;
      });
      await flushing;
    },
  };
}
