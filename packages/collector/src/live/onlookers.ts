/** What pages at other collectors show: of that they are told, batch by batch. */
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import { Subscription } from './subscription.ts';

/** What pages at a collector show of a tenant. */
export interface Watching {
  /** Which collector. */
  readonly from: string;
  readonly scope: TenantScope;
  readonly selectors: readonly string[];
}

export interface Onlookers {
  /** Another collector says what is watched there, of a tenant: all of it, in place of what it said before. */
  told(watching: Watching): void;
  /** Whether a series of the batch is watched elsewhere. */
  want(stored: StoredSamples): boolean;
  /** Whether a series of that host is watched elsewhere. */
  watch(scope: TenantScope, host: string): boolean;
}

/** Who has not said for so long what is watched there is not there any more. */
export const forgottenMs = 45_000;
/** Of all collectors and tenants; who comes after that sees what comes to his own. */
const mostTenants = 10_000;

interface Elsewhere {
  until: UnixMs;
  subscriptions: readonly Subscription[];
}

/** @param self  this collector, which hears what it tells */
export function createOnlookers({
  self,
  log,
  now,
}: {
  readonly self: string;
  readonly log: Log;
  readonly now: () => UnixMs;
}): Onlookers {
  /** By tenant and collector. */
  const tenants = new Map<number, Map<string, Elsewhere>>();

  function* subscriptionsOf(tenantId: number): Iterable<Subscription> {
    const ofTenant = tenants.get(tenantId);
    if (ofTenant === undefined) return;
    for (const [from, { until, subscriptions }] of ofTenant) {
      if (until >= now()) yield* subscriptions;
      else forget(tenantId, ofTenant, from);
    }
  }

  function forget(tenantId: number, ofTenant: Map<string, Elsewhere>, from: string): void {
    ofTenant.delete(from);
    if (ofTenant.size === 0) tenants.delete(tenantId);
  }

  /** What is watched on is compiled once. */
  function subscribed(selectors: readonly string[], before: readonly Subscription[]): readonly Subscription[] {
    const known = new Map(before.map((one) => [one.selector, one]));
    return selectors.flatMap((selector) => {
      try {
        return [known.get(selector) ?? new Subscription(0, selector, 0)];
      } catch (error) {
        log.debug('what is watched elsewhere is not understood', { selector, error: describeError(error) });
        return [];
      }
    });
  }

  return {
    told({ from, scope: { tenantId }, selectors }) {
      if (from === self) return;
      const ofTenant = tenants.get(tenantId);
      const before = ofTenant?.get(from);
      if (selectors.length === 0) {
        if (ofTenant !== undefined) forget(tenantId, ofTenant, from);
        return;
      }
      if (ofTenant === undefined && tenants.size >= mostTenants) return;
      const elsewhere = {
        until: now() + forgottenMs,
        subscriptions: subscribed(selectors, before?.subscriptions ?? []),
      };
      if (ofTenant === undefined) tenants.set(tenantId, new Map([[from, elsewhere]]));
      else ofTenant.set(from, elsewhere);
    },
    want({ schema }) {
      if (!tenants.has(schema.scope.tenantId)) return false;
      for (const one of subscriptionsOf(schema.scope.tenantId)) if (one.matches(schema)) return true;
      return false;
    },
    watch({ tenantId }, host) {
      for (const one of subscriptionsOf(tenantId)) if (one.hosts.has(host)) return true;
      return false;
    },
  };
}
