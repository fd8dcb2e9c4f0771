import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../../tenant.ts';
import { maxBatchSpanMs } from '../batches.ts';
import { dayOf, hourOf } from '../hours.ts';
import type { Scoped } from '../scoped-pool.ts';
import type { Reach } from './reach.ts';

/**
 * Hosts with samples of that time, by the hour where these are sealed, by the day where only rollups by hour are left: a
 * look at each host's keys, however long it is.
 *
 * @returns undefined when that is all of them
 */
export async function hostsWithin(
  { run }: Scoped,
  scope: TenantScope,
  { from, to }: { readonly from: UnixMs; readonly to: UnixMs },
  reach: Reach,
): Promise<ReadonlySet<number> | undefined> {
  const [firstHour, lastHour] = [hourOf(from), hourOf(to)];
  const { tenantId } = scope;
  const hosts = await run(
    scope,
    (sql) => sql<{ host_id: number; within: boolean }[]>`
    select h.host_id,
      exists (select from batch where tenant_id = ${tenantId} and host_id = h.host_id
        and t0 between ${from - maxBatchSpanMs} and ${to} and t1 >= ${from})
      or exists (select from segment where tenant_id = ${tenantId} and host_id = h.host_id
        and hour between ${firstHour} and ${lastHour} and t0 <= ${to} and t1 >= ${from})
      or exists (select from block where tenant_id = ${tenantId} and host_id = h.host_id
        and hour between ${firstHour} and ${lastHour})
      or (${from < reach.samples} and exists (
        select from rollup_minute where tenant_id = ${tenantId} and host_id = h.host_id
        and until between ${firstHour} and ${lastHour}))
      or (${from < reach.minutes} and exists (
        select from rollup_hour where tenant_id = ${tenantId} and host_id = h.host_id
        and until between ${dayOf(firstHour)} and ${dayOf(lastHour)})) as within
    from host h where h.tenant_id = ${tenantId}`,
  );
  const within = hosts.filter((host) => host.within);
  return within.length === hosts.length ? undefined : new Set(within.map(({ host_id }) => host_id));
}
