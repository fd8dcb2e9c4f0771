import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Log } from './log.ts';
import type { Storage } from './storage/storage.ts';
import { dayNumber, type UsageRow } from './storage/usage.ts';
import type { TenantScope } from './tenant.ts';

/** What one query took. */
export interface QueryCost {
  readonly samples: number;
  /** Of the collector's thread. */
  readonly cpuMs: number;
}

/** Counts what leaves nothing in the database to count: queries. A collector that is killed loses some seconds of it. */
export interface UsageMeter {
  query(scope: TenantScope, cost: QueryCost): void;
  /** Writes what was counted. */
  flush(): Promise<void>;
}

export function createUsageMeter({
  storage: { usage },
  log,
  now,
}: {
  readonly storage: Pick<Storage, 'usage'>;
  readonly log: Log;
  readonly now: () => UnixMs;
}): UsageMeter {
  let counted = new Map<number, { readonly scope: TenantScope; readonly rows: Map<string, UsageRow> }>();

  function add(scope: TenantScope, what: string, amount: number): void {
    let ofTenant = counted.get(scope.tenantId);
    if (ofTenant === undefined) counted.set(scope.tenantId, (ofTenant = { scope, rows: new Map() }));
    const day = dayNumber(now());
    const key = `${day}/${what}`;
    const before = ofTenant.rows.get(key)?.amount ?? 0;
    ofTenant.rows.set(key, { day, host: '', what, amount: before + amount });
  }

  return {
    query(scope, { samples, cpuMs }) {
      add(scope, 'queries', 1);
      add(scope, 'query_samples', samples);
      add(scope, 'query_cpu_ms', cpuMs);
    },
    async flush() {
      const taken = counted;
      counted = new Map();
      for (const { scope, rows } of taken.values()) {
        try {
          await usage.add(scope, [...rows.values()]);
        } catch (error) {
          log.warn('usage was not written and is tried again', { error: describeError(error) });
          for (const { what, amount } of rows.values()) add(scope, what, amount);
        }
      }
    },
  };
}
