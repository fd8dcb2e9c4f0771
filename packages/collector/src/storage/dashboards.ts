import { randomUUID } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import { newDashboardSchema, type Dashboard, type NewDashboard } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { PolicyStore } from './alert-policies.ts';
import type { Database } from './database.ts';
import { dashboard } from './schema.ts';

export type Dashboards = PolicyStore<NewDashboard, Dashboard>;

export function createDashboards({ within }: Database, now: () => number): Dashboards {
  const one = ({ tenantId }: TenantScope, id: string) => and(eq(dashboard.tenantId, tenantId), eq(dashboard.id, id));
  return {
    async list(scope) {
      const rows = await within(scope, (tx) =>
        tx
          .select()
          .from(dashboard)
          .where(eq(dashboard.tenantId, scope.tenantId))
          .orderBy(dashboard.createdAt, dashboard.id),
      );
      return rows.map(({ id, body }) => ({ ...newDashboardSchema.parse(body), id }));
    },
    async create(scope, body) {
      const { tenantId } = scope;
      const id = randomUUID();
      await within(scope, (tx) => tx.insert(dashboard).values({ tenantId, id, body, createdAt: now() }));
      return { ...body, id };
    },
    async replace(scope, id, body) {
      const changed = await within(scope, (tx) =>
        tx.update(dashboard).set({ body }).where(one(scope, id)).returning({ id: dashboard.id }),
      );
      return changed.length > 0 ? { ...body, id } : undefined;
    },
    async delete(scope, id) {
      const gone = await within(scope, (tx) =>
        tx.delete(dashboard).where(one(scope, id)).returning({ id: dashboard.id }),
      );
      return gone.length > 0;
    },
  };
}
