import type { UnixMs } from '@tarsier/protocol';
import { priceTableSchema, type PriceTable } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { storableJson } from './jobs/storable-json.ts';

/** What things cost a tenant. */
export interface Prices {
  /** Defaults for hosts, and none for models, until somebody has set them. */
  get(scope: TenantScope): Promise<PriceTable>;
  set(scope: TenantScope, prices: PriceTable): Promise<void>;
}

const id = 'default';

export function createPrices({ run }: Database, now: () => UnixMs): Prices {
  return {
    async get({ tenantId }) {
      const [row] = await run(
        { tenantId },
        (sql) => sql<{ body: unknown }[]>`
          select body from price_table where tenant_id = ${tenantId} and id = ${id}`,
      );
      return priceTableSchema.parse(row?.body ?? {});
    },
    async set({ tenantId }, prices) {
      await run(
        { tenantId },
        (sql) => sql`
          insert into price_table (tenant_id, id, body, updated_at)
          values (${tenantId}, ${id}, ${storableJson(prices)}::text::jsonb, ${now()})
          on conflict (tenant_id, id) do update set body = excluded.body, updated_at = excluded.updated_at`,
      );
    },
  };
}
