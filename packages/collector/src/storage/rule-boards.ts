import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';

/** How a tenant's rules fared when the collector that decides for it was last asked by another. */
export interface RuleBoardStore {
  /** @param body  JSON; replaces the former one */
  save(scope: TenantScope, body: object, now: UnixMs): Promise<void>;
  find(scope: TenantScope): Promise<unknown>;
}

export function createRuleBoardStore({ run }: Database): RuleBoardStore {
  return {
    async save({ tenantId }, body, now) {
      await run(
        { tenantId },
        (sql) => sql`
        insert into rule_board (tenant_id, body, saved_at) values (${tenantId}, ${JSON.stringify(body)}::text::jsonb, ${now})
        on conflict (tenant_id) do update set body = excluded.body, saved_at = excluded.saved_at`,
      );
    },
    async find({ tenantId }) {
      const [row] = await run(
        { tenantId },
        (sql) => sql<{ body: unknown }[]>`select body from rule_board where tenant_id = ${tenantId}`,
      );
      return row?.body;
    },
  };
}
