import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';

/** Which other sites' pages may ask for a tenant's data. */
export interface CorsOrigins {
  list(scope: TenantScope): Promise<readonly string[]>;
  replace(scope: TenantScope, origins: readonly string[]): Promise<void>;
  /** Of every tenant: a browser asks whether it may before it says who it is. */
  all(): Promise<readonly { readonly tenantId: number; readonly origin: string }[]>;
}

export function createCorsOrigins({ run, begin, system }: Database): CorsOrigins {
  return {
    async list(scope) {
      const rows = await run(
        scope,
        (sql) => sql<{ origin: string }[]>`
        select origin from cors_origin where tenant_id = ${scope.tenantId} order by origin`,
      );
      return rows.map(({ origin }) => origin);
    },
    async replace(scope, origins) {
      const { tenantId } = scope;
      await begin(scope, async (tx) => {
        await tx`delete from cors_origin where tenant_id = ${tenantId}`;
        await tx`
          insert into cors_origin (tenant_id, origin)
          select distinct ${tenantId}::int, origin from unnest(${[...origins]}::text[]) as origin`;
      });
    },
    async all() {
      const rows = await system.sql<{ tenant_id: number; origin: string }[]>`
        select tenant_id, origin from cors_origin`;
      return rows.map(({ tenant_id: tenantId, origin }) => ({ tenantId, origin }));
    },
  };
}
