import type { Alert, UnixMs } from '@tarsier/protocol';
import { describeError, type Log } from '../log.ts';
import type { AlertChange, Alerts } from '../storage/alerts.ts';
import type { TenantScope } from '../tenant.ts';

export interface AlertWriter {
  save(scope: TenantScope, change: AlertChange): void;
  /** The alert never fired: it leaves no trace. */
  forget(scope: TenantScope, alertId: string): void;
  /** Writes what waits, in the order in which it came; what fails waits for the next call. */
  flush(): Promise<void>;
}

interface Waiting {
  readonly scope: TenantScope;
  /** A change, or the id of an alert to forget. */
  readonly what: AlertChange | string;
}

/** Writes alerts behind the ingest path, in order, again and again until the database has taken them. */
export function createAlertWriter({
  alerts,
  onSaved,
  log,
  now,
}: {
  readonly alerts: Pick<Alerts, 'save' | 'delete'>;
  readonly onSaved: (scope: TenantScope, alert: Alert) => void;
  readonly log: Log;
  readonly now: () => UnixMs;
}): AlertWriter {
  const waiting: Waiting[] = [];
  let flushing: Promise<void> | undefined;

  async function write({ scope, what }: Waiting): Promise<void> {
    if (typeof what === 'string') {
      await alerts.delete(scope, [what]);
      return;
    }
    await alerts.save(scope, [what], now());
    onSaved(scope, what.alert);
  }

  async function writeAll(): Promise<void> {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      try {
        await write(next);
      } catch (error) {
        log.warn('alerts wait for the database', { waiting: waiting.length, error: describeError(error) });
        return;
      }
      waiting.shift();
    }
  }

  async function flush(): Promise<void> {
    flushing ??= writeAll().finally(() => {
      flushing = undefined;
    });
    await flushing;
  }

  return {
    save(scope, change) {
      waiting.push({ scope, what: change });
      void flush();
    },
    forget(scope, alertId) {
      waiting.push({ scope, what: alertId });
      void flush();
    },
    flush,
  };
}
