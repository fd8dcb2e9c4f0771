/**
 * Which tenants' rules this collector decides on. Each has one leader, by a lease in the database. What a leader writes
 * is fenced there, so that one that was stopped and goes on writes nothing more; here is only whose work it is.
 */
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { Leases } from '../storage/leases.ts';
import type { SamplesConsumer, StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';

export interface Leadership {
  /** Whether it decides for the tenant. */
  leads(scope: TenantScope): boolean;
  /** Whether it does, or will as soon as it has taken over. */
  holds(scope: TenantScope): boolean;
  /** Samples that were stored here, or that another collector tells of: to whom they concern. */
  readonly consume: SamplesConsumer;
  /**
   * Takes what nobody holds, keeps its own, and lets go of what another has taken.
   *
   * @param running  ids of all collectors, as of {@link Leases.renew}
   * @throws when the database is away
   */
  renew(running?: readonly string[]): Promise<void>;
  /** Tenants that it decides for. */
  held(): readonly TenantScope[];
  /** Writes down what it knows of the tenant, and lets another decide. @throws when the database is away */
  handOver(scope: TenantScope): Promise<void>;
  /** Resolves when nothing is being taken over. */
  settled(): Promise<void>;
  /** Lets others go on at once. */
  resign(): Promise<void>;
}

export interface LeadershipDeps {
  readonly leases: Leases;
  /** A leader that dies is followed by another after so long; one that stops, at once. */
  readonly leaseMs: number;
  /**
   * Gets everything ready to decide for a tenant, from what is stored.
   *
   * @param heldUntil  what came after it nobody may have looked at; undefined: nobody has decided before
   */
  readonly takeOver: (scope: TenantScope, heldUntil: UnixMs | undefined) => Promise<void>;
  /** Writes down what is only known here, before the tenant is let go. */
  readonly keep: (scope: TenantScope) => Promise<void>;
  /** Forgets the tenant, without deciding anything more. */
  readonly letGo: (scope: TenantScope) => Promise<void>;
  /** Samples of a tenant that it leads. */
  readonly deliver: SamplesConsumer;
  /** Samples of a tenant that another leads. */
  readonly announce: SamplesConsumer;
  readonly log: Log;
}

interface Held {
  readonly scope: TenantScope;
  readonly term: number;
  /** What came while it is taken over; undefined once it leads. */
  waiting: StoredSamples[] | undefined;
}

export function createLeadership({
  leases,
  leaseMs,
  takeOver,
  keep,
  letGo,
  deliver,
  announce,
  log,
}: LeadershipDeps): Leadership {
  const held = new Map<number, Held>();
  /** By tenant, one after the other. */
  const taking = new Map<number, Promise<void>>();
  /** Of tenants that could not be taken over: since when nobody decides, whoever held the lease meanwhile. */
  const undecidedSince = new Map<number, UnixMs>();

  async function take(one: Held, heldUntil: UnixMs | undefined, before: Promise<void> | undefined): Promise<void> {
    const { scope } = one;
    const isHeld = (): boolean => held.get(scope.tenantId) === one;
    await before;
    if (!isHeld()) return;
    try {
      const since = undecidedSince.get(scope.tenantId) ?? heldUntil;
      if (since !== undefined) undecidedSince.set(scope.tenantId, since);
      await takeOver(scope, since);
      if (isHeld()) {
        undecidedSince.delete(scope.tenantId);
        for (const stored of one.waiting ?? []) deliver(stored);
        one.waiting = undefined;
        return;
      }
    } catch (error) {
      log.error('a tenant could not be taken over', { tenant: scope.tenant, error: describeError(error) });
    }
    // Also what was let go of meanwhile: since then there has come to be more of it.
    if (isHeld()) held.delete(scope.tenantId);
    await forget(scope);
  }

  /** What can't be let go of whole, as while the database is away, keeps nothing from going on: it is held no more. */
  async function drop({ scope }: Held): Promise<void> {
    held.delete(scope.tenantId);
    await forget(scope);
  }

  async function forget(scope: TenantScope): Promise<void> {
    try {
      await letGo(scope);
    } catch (error) {
      log.error('a tenant could not be let go of', { tenant: scope.tenant, error: describeError(error) });
    }
  }

  return {
    leads({ tenantId }) {
      const one = held.get(tenantId);
      return one !== undefined && one.waiting === undefined;
    },

    holds: ({ tenantId }) => held.has(tenantId),

    consume(stored) {
      const one = held.get(stored.schema.scope.tenantId);
      if (one === undefined) announce(stored);
      else if (one.waiting === undefined) deliver(stored);
      else one.waiting.push(stored);
    },

    held: () => [...held.values()].flatMap(({ scope, waiting }) => (waiting === undefined ? scope : [])),

    async handOver({ tenantId }) {
      const one = held.get(tenantId);
      if (one === undefined || one.waiting !== undefined) return;
      await keep(one.scope);
      await drop(one);
      await leases.give(one.scope);
    },

    async renew(running = []) {
      const now = new Map((await leases.renew(leaseMs, running)).map((one) => [one.scope.tenantId, one]));
      for (const one of [...held.values()]) {
        if (now.get(one.scope.tenantId)?.term === one.term) continue;
        log.warn('another collector decides for a tenant now', { tenant: one.scope.tenant });
        await drop(one);
      }
      for (const { scope, term, heldUntil } of now.values()) {
        if (held.has(scope.tenantId)) continue;
        const one: Held = { scope, term, waiting: [] };
        held.set(scope.tenantId, one);
        const done = take(one, heldUntil, taking.get(scope.tenantId)).finally(() => {
          if (taking.get(scope.tenantId) === done) taking.delete(scope.tenantId);
        });
        taking.set(scope.tenantId, done);
      }
    },

    async settled() {
      await Promise.all(taking.values());
    },

    async resign() {
      held.clear();
      await leases.release();
    },
  };
}
