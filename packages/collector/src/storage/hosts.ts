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
  };
}
