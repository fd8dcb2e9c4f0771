import { describeError } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { TenantScope } from '../tenant.ts';

export interface AnomalyLog<Found> {
  /** Keeps the newest form of it until it is written. */
  record(scope: TenantScope, found: Found): void;
  /** Writes what waits; what can't be written waits for the next call. */
  flush(): Promise<void>;
}

/** Most that wait for the database; past it the oldest are dropped and logged. */
const maxWaiting = 10_000;

/**
 * Writes anomalies, or their events, behind the ingest path. One changes many times while it lasts; only its newest
 * form is written, by id, so a restart or a repeated write changes nothing.
 *
 * @param what  they are, in the plural
 */
export function createAnomalyLog<Found extends { readonly id: string }>(
  what: string,
  {
    store,
    onSaved = () => {},
    log,
  }: {
    readonly store: { save(scope: TenantScope, found: readonly Found[]): Promise<void> };
    /** Called once its newest form is written. */
    readonly onSaved?: (scope: TenantScope, found: Found) => void;
    readonly log: Log;
  },
): AnomalyLog<Found> {
  const waiting = new Map<string, { readonly scope: TenantScope; readonly found: Found }>();
  let flushing: Promise<void> | undefined;
  let failing = false;

  async function writeAll(): Promise<void> {
    const byTenant = Map.groupBy(waiting.values(), ({ scope }) => scope.tenantId);
    for (const entries of byTenant.values()) {
      const [first] = entries;
      if (first === undefined) continue;
      try {
        await store.save(
          first.scope,
          entries.map(({ found }) => found),
        );
      } catch (error) {
        if (!failing) log.warn(`${what} wait for the database`, { error: describeError(error) });
        failing = true;
        continue;
      }
      failing = false;
      // What changed during the write stays for the next one.
      for (const { scope, found } of entries) {
        const key = `${scope.tenantId}/${found.id}`;
        if (waiting.get(key)?.found === found) waiting.delete(key);
        onSaved(scope, found);
      }
    }
  }

  return {
    record(scope, found) {
      waiting.set(`${scope.tenantId}/${found.id}`, { scope, found });
      if (waiting.size <= maxWaiting) return;
      const [oldest] = waiting.keys();
      if (oldest === undefined) return;
      waiting.delete(oldest);
      log.warn(`too many ${what} wait for the database: the oldest was dropped`, { waiting: maxWaiting });
    },
    async flush() {
      flushing ??= writeAll().finally(() => {
        flushing = undefined;
      });
      await flushing;
    },
  };
}
