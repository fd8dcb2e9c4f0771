/** Changes and actions of people, wherever they come in: done here, or by the collector that decides for the tenant. */
import { randomUUID } from 'node:crypto';
import { describeError, TarsierError, type Incident } from '@tarsier/protocol';
import type { IncidentAction } from '@tarsier/protocol/api';
import type { Log } from '../log.ts';
import type { Bus } from '../storage/bus.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import type { Leadership } from './leadership.ts';
import { messageSchema, type Message, type NewsKind } from './messages.ts';

/** What is done where the tenant is decided for. */
export interface Deciding {
  reloadRules(scope: TenantScope): Promise<void>;
  reloadPolicies(scope: TenantScope): Promise<void>;
  reloadRuleFiles(): Promise<void>;
  forgetHost(scope: TenantScope, host: string): void;
  /** @throws {TarsierError} `incidents/closed`, `http/not-found` */
  act(scope: TenantScope, id: string, action: IncidentAction, by: string): Promise<Incident>;
  /** Writes down how the tenant's rules fare. @throws {TarsierError} `cluster/no-leader` */
  publishBoard(scope: TenantScope): Promise<void>;
}

export interface Relay extends Deciding {
  /** What another collector, or this one, has told. */
  receive(message: unknown): void;
}

export interface RelayDeps {
  readonly here: Deciding;
  readonly leadership: Pick<Leadership, 'leads' | 'holds'>;
  readonly bus: Pick<Bus, 'tell'>;
  readonly storage: Pick<Storage, 'incidents'>;
  /** Versions of a model have changed. */
  readonly onModels: (scope: TenantScope, name: string) => Promise<void>;
  /** The one that decides has saved these. */
  readonly onNews: (scope: TenantScope, what: NewsKind, ids: readonly string[]) => Promise<void>;
  readonly onBatches: (scope: TenantScope, keys: Extract<Message, { kind: 'batches' }>['keys']) => Promise<void>;
  /** Batches that somebody shows have come to another. */
  readonly onWatched: (watched: Extract<Message, { kind: 'watched' }>) => void;
  /** What pages at another show. */
  readonly onWatching: (watching: Extract<Message, { kind: 'watching' }>) => void;
  readonly log: Log;
}

type Acted = Extract<Message, { kind: 'acted' }>;

/** A leader that died is followed by another within the time of a lease. */
const patienceMs = 15_000;
const againMs = 2_000;
/** Whoever looks at how rules fare would rather see what was last known than wait. */
const boardPatienceMs = 3_000;

export function createRelay({
  here,
  leadership,
  bus,
  storage,
  onBatches,
  onModels,
  onNews,
  onWatched,
  onWatching,
  log,
}: RelayDeps): Relay {
  const waiting = new Map<string, (acted: Acted) => void>();
  const tell = (message: Message): Promise<void> => bus.tell(message);

  async function answer(id: string, done: Promise<unknown>): Promise<void> {
    const error = await done.then(
      () => undefined,
      (cause: unknown) => ({
        code: cause instanceof TarsierError ? cause.code : 'http/internal',
        message: describeError(cause),
      }),
    );
    await tell({ kind: 'acted', id, ...(error === undefined ? {} : { error }) });
  }

  async function take(message: Message): Promise<void> {
    if (message.kind === 'acted') {
      waiting.get(message.id)?.(message);
      return;
    }
    if (message.kind === 'rule-files') return here.reloadRuleFiles();
    if (message.kind === 'models') return onModels(message.scope, message.name);
    if (message.kind === 'news') {
      if (!leadership.holds(message.scope)) await onNews(message.scope, message.what, message.ids);
      return;
    }
    if (message.kind === 'watching') return onWatching(message);
    if (message.kind === 'watched') {
      // Who decides is told of all batches.
      if (!leadership.holds(message.scope)) onWatched(message);
      return;
    }
    if (!leadership.holds(message.scope)) return;
    switch (message.kind) {
      case 'batches':
        return onBatches(message.scope, message.keys);
      case 'rules':
        return here.reloadRules(message.scope);
      case 'policies':
        return here.reloadPolicies(message.scope);
      case 'host-deleted':
        here.forgetHost(message.scope, message.host);
        return;
      case 'act':
        if (leadership.leads(message.scope)) {
          const { id, scope, incidentId, action, by } = message;
          await answer(id, here.act(scope, incidentId, action, by));
        }
        return;
      case 'board':
        if (leadership.leads(message.scope)) await answer(message.id, here.publishBoard(message.scope));
    }
  }

  /** Asks the leader, again until somebody answers. */
  async function ask(request: Extract<Message, { kind: 'act' | 'board' }>, withinMs = patienceMs): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<Acted>();
    waiting.set(request.id, resolve);
    const again = setInterval(() => void tell(request).catch(reject), againMs);
    const end = setTimeout(() => {
      reject(
        new TarsierError('cluster/no-leader', 'no collector decides for this tenant just now; try again', {
          retryable: true,
        }),
      );
    }, withinMs);
    try {
      await tell(request);
      const { error } = await promise;
      if (error !== undefined) throw new TarsierError(error.code, error.message);
    } finally {
      clearInterval(again);
      clearTimeout(end);
      waiting.delete(request.id);
    }
  }

  return {
    async reloadRules(scope) {
      if (leadership.holds(scope)) await here.reloadRules(scope);
      else await tell({ kind: 'rules', scope });
    },
    async reloadPolicies(scope) {
      if (leadership.holds(scope)) await here.reloadPolicies(scope);
      else await tell({ kind: 'policies', scope });
    },
    async reloadRuleFiles() {
      await here.reloadRuleFiles();
      await tell({ kind: 'rule-files' });
    },
    forgetHost(scope, host) {
      here.forgetHost(scope, host);
      void tell({ kind: 'host-deleted', scope, host }).catch((error: unknown) => {
        log.warn('others were not told that a host is gone', { host, error: describeError(error) });
      });
    },
    async act(scope, incidentId, action, by) {
      if (leadership.leads(scope)) return here.act(scope, incidentId, action, by);
      await ask({ kind: 'act', id: randomUUID(), scope, incidentId, action, by });
      const incident = await storage.incidents.find(scope, incidentId);
      if (incident === undefined) throw new TarsierError('http/not-found', `there is no incident ${incidentId}`);
      return incident;
    },
    async publishBoard(scope) {
      if (leadership.leads(scope)) await here.publishBoard(scope);
      else await ask({ kind: 'board', id: randomUUID(), scope }, boardPatienceMs);
    },
    receive(text) {
      const message = messageSchema.safeParse(text);
      if (!message.success) {
        log.debug('what another collector told is not understood', { error: message.error.message });
        return;
      }
      void take(message.data).catch((error: unknown) => {
        log.warn('what another collector told could not be done', { error: describeError(error) });
      });
    },
  };
}
