import { eq } from 'drizzle-orm';
import type { UnixMs } from '@tarsier/protocol';
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

export function createHosts({ db }: Database): Hosts {
  return {
    list: ({ tenantId }) =>
      db
        .select({ hostId: host.hostId, host: host.name, createdAt: host.createdAt })
        .from(host)
        .where(eq(host.tenantId, tenantId))
        .orderBy(host.name),
  };
}
