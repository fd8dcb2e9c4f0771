/** What people do to jobs. Each does nothing to one that is in no state for it. */
import type { JobState, UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../../tenant.ts';
import type { AnySql } from '../database.ts';
import { settleDependents } from './finish.ts';
import { cancelStatement, wakeStatement } from './hints.ts';

/** One that runs is told to end; any other that has not finished has ended. @returns its state now */
export async function cancelJob(
  sql: AnySql,
  { tenantId }: TenantScope,
  id: string,
  now: UnixMs,
): Promise<JobState | undefined> {
  const [row] = await sql<{ state: JobState; has_dependents: boolean }[]>`
    update job set cancel_requested = true,
      state = case state when 'running' then 'running' else 'cancelled' end,
      finished_at = case state when 'running' then finished_at else ${now}::bigint end
    where tenant_id = ${tenantId} and id = ${id} and state in ('waiting', 'delayed', 'blocked', 'held', 'running')
    returning state, has_dependents`;
  if (row === undefined) return undefined;
  if (row.state === 'running') await cancelStatement(sql);
  else {
    await sql`delete from job_dependency where tenant_id = ${tenantId} and job_id = ${id}`;
    if (row.has_dependents) await settleDependents(sql, tenantId, [id], now);
  }
  return row.state;
}

/** One that waits does so until it is released. @returns whether it was in a state for it */
export async function holdJob(sql: AnySql, { tenantId }: TenantScope, id: string): Promise<boolean> {
  const held = await sql`
    update job set state = 'held' where tenant_id = ${tenantId} and id = ${id} and state in ('waiting', 'delayed')`;
  return held.count > 0;
}

export async function releaseJob(sql: AnySql, { tenantId }: TenantScope, id: string, now: UnixMs): Promise<boolean> {
  const released = await sql`
    update job set state = case when due_at > ${now} then 'delayed' else 'waiting' end
    where tenant_id = ${tenantId} and id = ${id} and state = 'held'`;
  if (released.count > 0) await wakeStatement(sql);
  return released.count > 0;
}

/** Dead letters wait again, with all their attempts. @returns which */
export async function replayJobs(
  sql: AnySql,
  { tenantId }: TenantScope,
  which: { readonly id: string } | { readonly type: string | undefined; readonly limit: number },
): Promise<readonly string[]> {
  const chosen =
    'id' in which
      ? sql`id = ${which.id}`
      : sql`id in (
          select id from job where tenant_id = ${tenantId} and state = 'failed'
            ${which.type === undefined ? sql`` : sql`and type = ${which.type}`}
          order by id limit ${which.limit})`;
  const rows = await sql<{ id: string }[]>`
    update job set state = 'waiting', attempt = 0, finished_at = null, due_at = null, cancel_requested = false
    where tenant_id = ${tenantId} and state = 'failed' and ${chosen} returning id`;
  if (rows.length > 0) await wakeStatement(sql);
  return rows.map(({ id }) => id);
}
