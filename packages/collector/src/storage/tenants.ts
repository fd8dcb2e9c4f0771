import { and, eq, exists, isNull, sql } from 'drizzle-orm';
import type { TenantScope } from '../tenant.ts';
import type { AlertRetention } from './alert-retention.ts';
import type { Database } from './database.ts';
import { host, tenant } from './schema.ts';
import { effectiveLimits } from './tiers.ts';

export interface Tenants {
  /** The tenant of that name, made if there is none. */
  ensure(name: string): Promise<TenantScope>;
  find(name: string): Promise<TenantScope | undefined>;
  all(): Promise<readonly TenantScope[]>;
  /** Those that have hosts: for the others there is nothing to look after. */
  withHosts(): Promise<readonly TenantScope[]>;
  /** Whether it is there, and not suspended. */
  isActive(scope: TenantScope): Promise<boolean>;
  /** Whether who signs in with a password needs a second factor. */
  requiresTotp(scope: TenantScope): Promise<boolean>;
  setRequiresTotp(scope: TenantScope, requires: boolean): Promise<void>;
  /** What its queries may, of its own or of its tier; what is absent is as for all. */
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

const columns = { tenantId: tenant.tenantId, tenant: tenant.name };

export function createTenants(database: Database): Tenants {
  const { within, system } = database;
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
    async isActive({ tenantId }) {
      const rows = await system.db
        .select(columns)
        .from(tenant)
        .where(and(eq(tenant.tenantId, tenantId), isNull(tenant.suspendedAt)));
      return rows.length > 0;
    },
    async requiresTotp(scope) {
      const [row] = await within(scope, (tx) =>
        tx.select({ requires: tenant.requireTotp }).from(tenant).where(eq(tenant.tenantId, scope.tenantId)),
      );
      return row?.requires ?? false;
    },
    async setRequiresTotp(scope, requireTotp) {
      await within(scope, (tx) => tx.update(tenant).set({ requireTotp }).where(eq(tenant.tenantId, scope.tenantId)));
    },
    async queryLimits(scope) {
      const limits = await effectiveLimits(database, scope);
      const [samples, series, seconds] = (['query-samples', 'query-series', 'query-seconds'] as const).map(
        (name) => limits.get(name)?.value,
      );
      return {
        ...(samples === undefined ? {} : { samples }),
        ...(series === undefined ? {} : { series }),
        ...(seconds === undefined ? {} : { timeoutMs: seconds * 1_000 }),
      };
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
    maxSeries: async (scope) => (await effectiveLimits(database, scope)).get('series')?.value,
    async setMaxSeries(scope, maxSeries) {
      await within(scope, (tx) => tx.update(tenant).set({ maxSeries }).where(eq(tenant.tenantId, scope.tenantId)));
    },
    all: () => system.db.select(columns).from(tenant).orderBy(tenant.tenantId),
    withHosts: () =>
      system.db
        .select(columns)
        .from(tenant)
        .where(
          exists(
            system.db
              .select({ one: sql`1` })
              .from(host)
              .where(eq(host.tenantId, tenant.tenantId)),
          ),
        )
        .orderBy(tenant.tenantId),
  };
}
