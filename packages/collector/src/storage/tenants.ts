import { eq } from 'drizzle-orm';
import type { TenantScope } from '../tenant.ts';
import type { AlertRetention } from './alert-retention.ts';
import type { Database } from './database.ts';
import { tenant } from './schema.ts';

export interface Tenants {
  /** The tenant of that name, made if there is none. */
  ensure(name: string): Promise<TenantScope>;
  find(name: string): Promise<TenantScope | undefined>;
  all(): Promise<readonly TenantScope[]>;
  /** What its queries may; what is absent is as for all. */
  queryLimits(scope: TenantScope): Promise<QueryLimits>;
  /** Those given are changed; null: as for all. */
  setQueryLimits(scope: TenantScope, limits: { readonly [Name in keyof QueryLimits]?: number | null }): Promise<void>;
  /** How long incidents, and what was told of them, are kept, days; what is absent is as for all. */
  alertRetention(scope: TenantScope): Promise<Partial<AlertRetention>>;
  /** Those given are changed; null: as for all. */
  setAlertRetention(
    scope: TenantScope,
    days: { readonly [Name in keyof AlertRetention]?: number | null },
  ): Promise<void>;
  /** Most series; absent: as for all. */
  maxSeries(scope: TenantScope): Promise<number | undefined>;
  /** @param most  null: as for all */
  setMaxSeries(scope: TenantScope, most: number | null): Promise<void>;
}

export interface QueryLimits {
  readonly samples?: number;
  readonly series?: number;
  readonly timeoutMs?: number;
}

const limitColumns = {
  samples: tenant.querySamples,
  series: tenant.querySeries,
  timeoutMs: tenant.queryTimeoutMs,
};
const columns = { tenantId: tenant.tenantId, tenant: tenant.name };

export function createTenants({ within, system }: Database): Tenants {
  const find: Tenants['find'] = async (name) => {
    const [row] = await system.db.select(columns).from(tenant).where(eq(tenant.name, name));
    return row;
  };
  return {
    find,
    async ensure(name) {
      await system.db.insert(tenant).values({ name }).onConflictDoNothing();
      const row = await find(name);
      if (row === undefined) throw new Error(`tenant ${name} vanished while it was created`);
      return row;
    },
    async queryLimits(scope) {
      const { tenantId } = scope;
      const [row] = await within(scope, (tx) =>
        tx.select(limitColumns).from(tenant).where(eq(tenant.tenantId, tenantId)),
      );
      return Object.fromEntries(Object.entries(row ?? {}).filter(([, value]) => value !== null));
    },
    async setQueryLimits(scope, { samples, series, timeoutMs }) {
      const { tenantId } = scope;
      const changes = { querySamples: samples, querySeries: series, queryTimeoutMs: timeoutMs };
      await within(scope, (tx) => tx.update(tenant).set(changes).where(eq(tenant.tenantId, tenantId)));
    },
    async alertRetention(scope) {
      const days = { incidents: tenant.incidentsDays, notifications: tenant.notificationsDays };
      const [row] = await within(scope, (tx) =>
        tx.select(days).from(tenant).where(eq(tenant.tenantId, scope.tenantId)),
      );
      return Object.fromEntries(Object.entries(row ?? {}).filter(([, value]) => value !== null));
    },
    async setAlertRetention(scope, { incidents, notifications }) {
      const days = { incidentsDays: incidents, notificationsDays: notifications };
      await within(scope, (tx) => tx.update(tenant).set(days).where(eq(tenant.tenantId, scope.tenantId)));
    },
    async maxSeries(scope) {
      const [row] = await within(scope, (tx) =>
        tx.select({ most: tenant.maxSeries }).from(tenant).where(eq(tenant.tenantId, scope.tenantId)),
      );
      return row?.most ?? undefined;
    },
    async setMaxSeries(scope, maxSeries) {
      await within(scope, (tx) => tx.update(tenant).set({ maxSeries }).where(eq(tenant.tenantId, scope.tenantId)));
    },
    all: () => system.db.select(columns).from(tenant).orderBy(tenant.tenantId),
  };
}
