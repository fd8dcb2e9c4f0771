import { eq } from 'drizzle-orm';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { tenant } from './schema.ts';

export interface Tenants {
  /** The tenant of that name, made if there is none. */
  ensure(name: string): Promise<TenantScope>;
  find(name: string): Promise<TenantScope | undefined>;
  all(): Promise<readonly TenantScope[]>;
}

const scope = { tenantId: tenant.tenantId, tenant: tenant.name };

export function createTenants({ db }: Database): Tenants {
  const find: Tenants['find'] = async (name) => {
    const [row] = await db.select(scope).from(tenant).where(eq(tenant.name, name));
    return row;
  };
  return {
    find,
    async ensure(name) {
      await db.insert(tenant).values({ name }).onConflictDoNothing();
      const row = await find(name);
      if (row === undefined) throw new Error(`tenant ${name} vanished while it was created`);
      return row;
    },
    all: () => db.select(scope).from(tenant).orderBy(tenant.tenantId),
  };
}
