import { and, eq, ne } from 'drizzle-orm';
import type { UnixMs } from '@tarsier/protocol';
import { noHost } from '../no-host.ts';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { host } from './schema.ts';

export interface HostRow {
  readonly hostId: number;
  readonly host: string;
  readonly createdAt: UnixMs;
}

export interface Hosts {
  /** By name. */
  list(scope: TenantScope): Promise<readonly HostRow[]>;
  has(scope: TenantScope, host: string): Promise<boolean>;
}

export function createHosts({ within }: Database): Hosts {
  return {
    list: (scope) =>
      within(scope, (tx) =>
        tx
          .select({ hostId: host.hostId, host: host.name, createdAt: host.createdAt })
          .from(host)
          .where(and(eq(host.tenantId, scope.tenantId), ne(host.name, noHost)))
          .orderBy(host.name),
      ),
    async has(scope, name) {
      const rows = await within(scope, (tx) =>
        tx
          .select({ hostId: host.hostId })
          .from(host)
          .where(and(eq(host.tenantId, scope.tenantId), eq(host.name, name))),
      );
      return rows.length > 0;
    },
  };
}
