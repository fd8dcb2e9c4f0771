import { randomUUID } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import { newRuleSchema, type NewRule, type Rule } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { rule } from './schema.ts';

export interface Rules {
  /** Oldest first. */
  list(scope: TenantScope): Promise<readonly Rule[]>;
  create(scope: TenantScope, rule: NewRule): Promise<Rule>;
  /** @returns undefined when there is none of that id */
  replace(scope: TenantScope, id: string, rule: NewRule): Promise<Rule | undefined>;
  /** @returns whether there was one */
  delete(scope: TenantScope, id: string): Promise<boolean>;
}

export function createRules({ db }: Database, now: () => number): Rules {
  return {
    async list({ tenantId }) {
      const rows = await db.select().from(rule).where(eq(rule.tenantId, tenantId)).orderBy(rule.createdAt, rule.id);
      return rows.map(({ id, body }) => ({ ...newRuleSchema.parse(body), id }));
    },
    async create({ tenantId }, body) {
      const id = randomUUID();
      await db.insert(rule).values({ tenantId, id, body, createdAt: now() });
      return { ...body, id };
    },
    async replace({ tenantId }, id, body) {
      const changed = await db
        .update(rule)
        .set({ body })
        .where(and(eq(rule.tenantId, tenantId), eq(rule.id, id)))
        .returning({ id: rule.id });
      return changed.length > 0 ? { ...body, id } : undefined;
    },
    async delete({ tenantId }, id) {
      const gone = await db
        .delete(rule)
        .where(and(eq(rule.tenantId, tenantId), eq(rule.id, id)))
        .returning({ id: rule.id });
      return gone.length > 0;
    },
  };
}
