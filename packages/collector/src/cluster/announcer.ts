/** Tells other collectors which batches were stored here, a few at a time. */
import { describeError } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { BatchKey } from '../storage/batches.ts';
import type { Bus } from '../storage/bus.ts';
import type { SamplesConsumer } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import type { Message } from './messages.ts';

const gatherMs = 20;

export interface Announcer {
  readonly announce: SamplesConsumer;
  /** Tells what waits. */
  flush(): Promise<void>;
}

export function createAnnouncer({
  messageOf,
  bus,
  log,
}: {
  readonly messageOf: (scope: TenantScope, keys: BatchKey[]) => Message;
  readonly bus: Pick<Bus, 'tell'>;
  readonly log: Log;
}): Announcer {
  const waiting = new Map<number, { readonly scope: TenantScope; readonly keys: BatchKey[] }>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const all = [...waiting.values()];
    waiting.clear();
    for (const { scope, keys } of all) {
      await bus.tell(messageOf(scope, keys)).catch((error: unknown) => {
        // Who leads looks for what it was not told of, too.
        log.warn('stored batches were not announced', { tenant: scope.tenant, error: describeError(error) });
      });
    }
  }

  return {
    announce({ schema: { scope, hostId }, epoch, seq, matrix }) {
      let ofTenant = waiting.get(scope.tenantId);
      if (ofTenant === undefined) waiting.set(scope.tenantId, (ofTenant = { scope, keys: [] }));
      ofTenant.keys.push({ hostId, t0: matrix.times[0] ?? 0, epoch, seq });
      timer ??= setTimeout(() => void flush(), gatherMs).unref();
    },
    flush,
  };
}
