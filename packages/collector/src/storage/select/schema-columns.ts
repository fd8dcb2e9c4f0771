import { TarsierError } from '@tarsier/protocol';
import type { TenantScope } from '../../tenant.ts';
import type { Scoped } from '../scoped-pool.ts';

/** Which series the columns of a batch are; remembered, since a schema never changes. */
export interface SchemaColumns {
  of(scope: TenantScope, hostId: number, hash: Uint8Array): Promise<readonly number[]>;
}

/** One takes a few kilobytes. */
const maxRemembered = 5_000;

export function createSchemaColumns({ run }: Scoped): SchemaColumns {
  const remembered = new Map<string, readonly number[]>();
  return {
    async of(scope, hostId, hash) {
      const { tenantId } = scope;
      const key = `${tenantId}/${hostId}/${Buffer.from(hash).toString('latin1')}`;
      const known = remembered.get(key);
      if (known !== undefined) return known;
      const [row] = await run(
        scope,
        (sql) => sql<{ series_ids: number[] }[]>`
        select series_ids from host_schema where tenant_id = ${tenantId} and host_id = ${hostId} and hash = ${hash}`,
      );
      if (row === undefined) {
        throw new TarsierError('storage/schema', `host ${hostId} has no schema ${Buffer.from(hash).toString('hex')}`);
      }
      if (remembered.size >= maxRemembered) remembered.clear();
      remembered.set(key, row.series_ids);
      return row.series_ids;
    },
  };
}
