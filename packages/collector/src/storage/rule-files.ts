import { and, eq, sql } from 'drizzle-orm';
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { ruleFile, tenant } from './schema.ts';

/** Rule groups as somebody has put them: a text in Prometheus's YAML. */
export interface RuleFile {
  readonly name: string;
  readonly body: string;
  readonly updatedAt: UnixMs;
}

export interface RuleFiles {
  /** By name. */
  list(scope: TenantScope): Promise<readonly RuleFile[]>;
  /** Of every tenant, for those who evaluate them. */
  all(): Promise<readonly (RuleFile & { readonly scope: TenantScope })[]>;
  find(scope: TenantScope, name: string): Promise<RuleFile | undefined>;
  /** In place of the one of that name, if there is one. */
  put(scope: TenantScope, name: string, body: string): Promise<void>;
  /** @returns whether there was one */
  delete(scope: TenantScope, name: string): Promise<boolean>;
}

export function createRuleFiles({ within, system }: Database, now: () => number): RuleFiles {
  const columns = { name: ruleFile.name, body: ruleFile.body, updatedAt: ruleFile.updatedAt };
  const named = ({ tenantId }: TenantScope, name: string) =>
    and(eq(ruleFile.tenantId, tenantId), eq(ruleFile.name, name));
  return {
    list: (scope) =>
      within(scope, (tx) =>
        tx.select(columns).from(ruleFile).where(eq(ruleFile.tenantId, scope.tenantId)).orderBy(ruleFile.name),
      ),
    async all() {
      const rows = await system.db
        .select({ ...columns, tenantId: tenant.tenantId, tenant: tenant.name })
        .from(ruleFile)
        .innerJoin(tenant, eq(tenant.tenantId, ruleFile.tenantId))
        .orderBy(tenant.tenantId, ruleFile.name);
      return rows.map(({ tenantId, tenant: name, ...file }) => ({ ...file, scope: { tenantId, tenant: name } }));
    },
    async find(scope, name) {
      const [row] = await within(scope, (tx) => tx.select(columns).from(ruleFile).where(named(scope, name)));
      return row;
    },
    async put(scope, name, body) {
      const { tenantId } = scope;
      await within(scope, (tx) =>
        tx
          .insert(ruleFile)
          .values({ tenantId, name, body, updatedAt: now() })
          .onConflictDoUpdate({
            target: [ruleFile.tenantId, ruleFile.name],
            // Later than it was, whatever the clock says: others see by it that the file has changed.
            set: { body, updatedAt: sql`greatest(${now()}, ${ruleFile.updatedAt} + 1)` },
          }),
      );
    },
    async delete(scope, name) {
      const gone = await within(scope, (tx) =>
        tx.delete(ruleFile).where(named(scope, name)).returning({ name: ruleFile.name }),
      );
      return gone.length > 0;
    },
  };
}
