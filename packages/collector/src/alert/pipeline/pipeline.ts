/** Keeps a desk for each tenant, and writes what it decides before anything else is decided. */
import { type Alert, describeError, type Incident, TarsierError, type UnixMs } from '@tarsier/protocol';
import type { IncidentAction } from '@tarsier/protocol/api';
import type { Log } from '../../log.ts';
import { hourMs } from '../../storage/hours.ts';
import type { AlertOutcome } from '../../storage/incidents.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import { Desk } from './desk.ts';
import { compilePolicies, type Policies } from './policies.ts';
import { readPolicies } from './read-policies.ts';

export interface Pipeline {
  /** Goes on where a collector stopped: with a tenant's open incidents, and alerts that were saved but not dealt with. */
  restore(scope: TenantScope): Promise<void>;
  /** Another decides for the tenant. */
  drop(scope: TenantScope): void;
  /** An alert began or ended, and is saved. */
  observe(scope: TenantScope, alert: Alert): void;
  /**
   * Decides for the tenant soon: at once when it was quiet, and in a storm after a rest, so that what came meanwhile is
   * decided together. It never waits longer than the next {@link Pipeline.run} would.
   */
  wake(scope: TenantScope): void;
  /** Decides for all, and writes what was decided; what can't be written is written before the next decision. */
  run(): Promise<void>;
  /** Decides once more; from then on nobody wakes it. */
  close(): Promise<void>;
  /** A person does something about an incident. @throws {TarsierError} `incidents/closed`, `http/not-found` */
  act(scope: TenantScope, id: string, action: IncidentAction, by: string): Promise<Incident>;
  /** The tenant's routes, silences, inhibitions or channels changed. */
  reloadPolicies(scope: TenantScope): Promise<void>;
}

export interface PipelineDeps {
  readonly storage: Pick<Storage, 'alertPolicies' | 'channels' | 'incidents' | 'notifications'>;
  /** What was decided is written. */
  readonly onOutcome: (scope: TenantScope, outcome: AlertOutcome) => void;
  readonly log: Log;
  readonly now?: () => UnixMs;
  /** Called between what is decided and that it is written: a test lets its collector die there. */
  readonly onDecided?: (outcome: AlertOutcome) => void;
}

interface TenantDesk {
  readonly scope: TenantScope;
  readonly desk: Desk;
  /** Alerts that changed since the last run. */
  waiting: Alert[];
  /** Decided, and not written yet. */
  unwritten: AlertOutcome | undefined;
  /** One thing at a time. */
  busy: Promise<unknown>;
  /** Set while it is to be woken. */
  alarm: NodeJS.Timeout | undefined;
  /** When it has rested from its last run, on the process's own clock. */
  restedAt: number;
}

/** Incidents that were over this long ago can still be flapping. */
const recentMs = 24 * hourMs;
/** Most that a rate limit counts. */
const mostCounted = 10_000;
/** A desk that is woken rests so many times as long as its last run took, and at most this long. */
const restFactor = 3;
const longestRestMs = 500;

export function createPipeline({
  storage,
  onOutcome,
  log,
  now = Date.now,
  onDecided = () => {},
}: PipelineDeps): Pipeline {
  const desks = new Map<number, Promise<TenantDesk>>();
  let closed = false;

  async function policiesOf(scope: TenantScope): Promise<Policies> {
    return compilePolicies(await readPolicies(storage, scope));
  }

  async function open(scope: TenantScope): Promise<TenantDesk> {
    const state = {
      incidents: await storage.incidents.current(scope, now() - recentMs),
      sent: await storage.notifications.recent(scope, mostCounted),
      history: await storage.incidents.history(scope, now()),
    };
    const desk = new Desk(await policiesOf(scope), state);
    const waiting = [...(await storage.incidents.undecided(scope))];
    return { scope, desk, waiting, unwritten: undefined, busy: Promise.resolve(), alarm: undefined, restedAt: 0 };
  }

  /** A tenant's desk is opened when it is first needed; one that can't be is tried again. */
  function deskOf(scope: TenantScope): Promise<TenantDesk> {
    let desk = desks.get(scope.tenantId);
    if (desk === undefined) {
      desk = open(scope);
      desks.set(scope.tenantId, desk);
      desk.catch(() => desks.delete(scope.tenantId));
    }
    return desk;
  }

  function inTurn<T>(desk: TenantDesk, work: () => Promise<T>): Promise<T> {
    const result = desk.busy.then(work, work);
    desk.busy = result.catch(() => undefined);
    return result;
  }

  async function write(desk: TenantDesk): Promise<void> {
    const { scope, unwritten } = desk;
    if (unwritten === undefined) return;
    onDecided(unwritten);
    await storage.incidents.save(scope, unwritten);
    desk.unwritten = undefined;
    onOutcome(scope, unwritten);
  }

  async function decide(desk: TenantDesk): Promise<void> {
    const began = performance.now();
    await write(desk);
    const { waiting } = desk;
    desk.waiting = [];
    desk.unwritten = desk.desk.run(waiting, now());
    await write(desk);
    const ended = performance.now();
    desk.restedAt = ended + Math.min((ended - began) * restFactor, longestRestMs);
  }

  async function runDesk(tenantId: number, opening: Promise<TenantDesk>): Promise<void> {
    try {
      const desk = await opening;
      await inTurn(desk, () => decide(desk));
    } catch (error) {
      log.warn('what becomes of alerts waits for the database', { tenantId, error: describeError(error) });
    }
  }

  async function run(): Promise<void> {
    for (const [tenantId, opening] of desks) await runDesk(tenantId, opening);
  }

  return {
    async restore(scope) {
      await deskOf(scope);
    },

    drop({ tenantId }) {
      desks.delete(tenantId);
    },

    observe(scope, alert) {
      if (alert.state.kind === 'pending') return;
      deskOf(scope).then(
        (desk) => desk.waiting.push(alert),
        // It is saved and undecided: the next try to open the desk finds it.
        () => undefined,
      );
    },

    wake(scope) {
      const opening = deskOf(scope);
      opening.then(
        (desk) => {
          if (closed) return;
          desk.alarm ??= setTimeout(
            () => {
              desk.alarm = undefined;
              if (!closed && desks.get(scope.tenantId) === opening) void runDesk(scope.tenantId, opening);
            },
            Math.max(0, desk.restedAt - performance.now()),
          ).unref();
        },
        // The next run tries to open it again.
        () => undefined,
      );
    },

    run,

    async close() {
      closed = true;
      await run();
    },

    async act(scope, id, action, by) {
      const desk = await deskOf(scope);
      return inTurn(desk, async () => {
        await decide(desk);
        const acted = desk.desk.act(id, action, by, now());
        if (acted === undefined) {
          if ((await storage.incidents.find(scope, id)) === undefined) {
            throw new TarsierError('http/not-found', `there is no incident ${id}`);
          }
          throw new TarsierError('incidents/closed', `incident ${id} has been over for a while; it changes no more`);
        }
        await decide(desk);
        // One that is over by it is gone from the desk.
        return desk.desk.incident(id) ?? acted;
      });
    },

    async reloadPolicies(scope) {
      const desk = await deskOf(scope);
      await inTurn(desk, async () => {
        desk.desk.policies = await policiesOf(scope);
      });
    },
  };
}
