/** Tells the other collectors what was saved of alerts and anomalies, a few at a time: people look at any of them. */
import { describeError } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { Bus } from '../storage/bus.ts';
import type { TenantScope } from '../tenant.ts';
import type { Message, NewsKind } from './messages.ts';

const gatherMs = 20;

export interface News {
  saved(scope: TenantScope, what: NewsKind, id: string): void;
  /** Tells what waits, at once: before the database is closed. */
  flush(): Promise<void>;
}

export function createNews({ bus, log }: { readonly bus: Pick<Bus, 'tell'>; readonly log: Log }): News {
  const waiting = new Map<string, Extract<Message, { kind: 'news' }>>();
  let timer: NodeJS.Timeout | undefined;
  /** One after the other. */
  let telling: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    return (telling = telling.then(tell));
  }

  async function tell(): Promise<void> {
    const all = [...waiting.values()];
    waiting.clear();
    for (const message of all) {
      await bus.tell({ ...message, ids: [...new Set(message.ids)] }).catch((error: unknown) => {
        // It is saved: whoever loads the page sees it.
        log.warn('other collectors were not told what is new', { error: describeError(error) });
      });
    }
  }

  return {
    saved({ tenantId, tenant }, what, id) {
      const key = `${tenantId}/${what}`;
      const message = waiting.get(key) ?? { kind: 'news', scope: { tenantId, tenant }, what, ids: [] };
      message.ids.push(id);
      waiting.set(key, message);
      timer ??= setTimeout(() => void flush(), gatherMs).unref();
    },
    flush,
  };
}
