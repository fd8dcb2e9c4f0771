import { type Alert, describeError, TarsierError } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { Alerts } from '../storage/alerts.ts';
import type { TenantScope } from '../tenant.ts';

export interface AlertWriter {
  save(scope: TenantScope, alert: Alert): void;
  /** The alert never fired: it leaves no trace. */
  forget(scope: TenantScope, alertId: string): void;
  /** Another collector decides for the tenant: what waits of it is its to find out. */
  drop(scope: TenantScope): void;
  /** Writes what waits, each tenant's in the order in which it came; what fails waits for the next call. */
  flush(): Promise<void>;
}

/** An alert that has changed, or the id of one to forget. */
type Waiting = Alert | string;

interface TenantQueue {
  readonly scope: TenantScope;
  readonly waiting: Waiting[];
}

/** Most changes of one transaction. */
const perWrite = 1_000;

/** Writes alerts behind the ingest path, in order, again and again until the database has taken them. */
export function createAlertWriter({
  alerts,
  onSaved,
  log,
}: {
  readonly alerts: Pick<Alerts, 'save' | 'delete'>;
  readonly onSaved: (scope: TenantScope, alert: Alert) => void;
  readonly log: Log;
}): AlertWriter {
  const queues = new Map<number, TenantQueue>();
  let flushing: Promise<void> | undefined;

  async function write(scope: TenantScope, next: readonly Waiting[]): Promise<void> {
    const changes = next.filter((what) => typeof what !== 'string');
    if (changes.length > 0) await alerts.save(scope, changes);
    else
      await alerts.delete(
        scope,
        next.filter((what) => typeof what === 'string'),
      );
    for (const alert of changes) {
      try {
        onSaved(scope, alert);
      } catch (error) {
        // It is saved: doing that again would show it twice.
        log.error('a saved alert could not be shown', { alert: alert.name, error: describeError(error) });
      }
    }
  }

  async function writeQueue({ scope, waiting }: TenantQueue): Promise<void> {
    while (waiting.length > 0) {
      const next = leadingOfOneKind(waiting);
      try {
        await write(scope, next);
      } catch (error) {
        if (error instanceof TarsierError && error.code === 'cluster/lease-lost') {
          queues.delete(scope.tenantId);
          return;
        }
        const fields = { tenant: scope.tenant, waiting: waiting.length, error: describeError(error) };
        log.warn('alerts wait for the database', fields);
        return;
      }
      waiting.splice(0, next.length);
    }
    if (queues.get(scope.tenantId)?.waiting === waiting) queues.delete(scope.tenantId);
  }

  async function writeAll(): Promise<void> {
    // One tenant's failure must not hold up another's alerts.
    for (const queue of queues.values()) await writeQueue(queue);
  }

  async function flush(): Promise<void> {
    flushing ??= writeAll().finally(() => {
      flushing = undefined;
    });
    await flushing;
  }

  function add(scope: TenantScope, what: Waiting): void {
    let queue = queues.get(scope.tenantId);
    if (queue === undefined) {
      queue = { scope, waiting: [] };
      queues.set(scope.tenantId, queue);
    }
    queue.waiting.push(what);
    void flush();
  }

  return {
    save: add,
    forget: add,
    drop({ tenantId }) {
      queues.delete(tenantId);
    },
    flush,
  };
}

/** Changes, or ids to forget, that can be written together without changing the order. */
function leadingOfOneKind(waiting: readonly Waiting[]): readonly Waiting[] {
  const other = waiting.findIndex((what) => typeof what !== typeof waiting[0]);
  return waiting.slice(0, Math.min(other === -1 ? waiting.length : other, perWrite));
}
