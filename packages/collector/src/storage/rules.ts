import { randomUUID } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import { newRuleSchema, type NewRule, type Rule } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { rule } from './schema.ts';

export interface Rules {
  /** Oldest first. */
  list(scope: TenantScope): Promise<readonly Rule[]>;
  find(scope: TenantScope, id: string): Promise<Rule | undefined>;
  create(scope: TenantScope, rule: NewRule): Promise<Rule>;
  /** @returns undefined when there is none of that id */
  replace(scope: TenantScope, id: string, rule: NewRule): Promise<Rule | undefined>;
  /** @returns whether there was one */
  delete(scope: TenantScope, id: string): Promise<boolean>;
}

interface StoredRule {
  readonly id: string;
  readonly body: unknown;
}

export function createRules({ within, run }: Database, now: () => number): Rules {
  const toRule = ({ id, body }: StoredRule): Rule => ({
    ...newRuleSchema.parse(body),
    id,
  });
  return {
    async list(scope) {
      const rows = await run(
        scope,
        (sql) => sql<StoredRule[]>`
        select id, body from rule where tenant_id = ${scope.tenantId} order by created_at, id`,
      );
      return rows.map(toRule);
    },
    async find(scope, id) {
      const [row] = await run(
        scope,
        (sql) => sql<StoredRule[]>`select id, body from rule where tenant_id = ${scope.tenantId} and id = ${id}`,
      );
      return row === undefined ? undefined : toRule(row);
    },
    async create(scope, body) {
      const { tenantId } = scope;
      const id = randomUUID();
      await within(scope, (tx) => tx.insert(rule).values({ tenantId, id, body, createdAt: now() }));
      return { ...body, id };
    },
    async replace(scope, id, body) {
      const changed = await within(scope, (tx) =>
        tx
          .update(rule)
          .set({ body })
          .where(and(eq(rule.tenantId, scope.tenantId), eq(rule.id, id)))
          .returning({ id: rule.id }),
      );
      return changed.length > 0 ? { ...body, id } : undefined;
    },
    async delete(scope, id) {
      const { tenantId } = scope;
      const gone = await within(scope, (tx) =>
        tx
          .delete(rule)
          .where(and(eq(rule.tenantId, tenantId), eq(rule.id, id)))
          .returning({ id: rule.id }),
      );
      return gone.length > 0;
    },
  };
}
