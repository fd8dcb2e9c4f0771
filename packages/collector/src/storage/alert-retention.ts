/** Old incidents, and what was told of them and why not, make room. What is open stays, however old it is. */
import type { UnixMs } from '@tarsier/protocol';
import type { TarsierSql } from './database.ts';
import { dayMs } from './hours.ts';

/** How long they are kept, days; a tenant's own settings come first. */
export interface AlertRetention {
  /** Alerts that are over, incidents and their timelines; from when these were over. */
  readonly incidents: number;
  /** Notifications, and decisions of what was not sent. */
  readonly notifications: number;
}

/** So many rows of a statement: others must not wait for all of them. */
const perStatement = 5_000;

/** @returns how many incidents went */
export async function dropOldAlerts(sql: TarsierSql, now: UnixMs, retention: AlertRetention): Promise<number> {
  const tenants = await sql<{ tenant_id: number; incidents: number; notifications: number }[]>`
    select tenant_id, coalesce(incidents_days, ${retention.incidents}::float8)::float8 as incidents,
      coalesce(notifications_days, ${retention.notifications}::float8)::float8 as notifications
    from tenant`;
  let dropped = 0;
  for (const { tenant_id: tenantId, incidents, notifications } of tenants) {
    dropped += await dropIncidents(sql, tenantId, now - incidents * dayMs);
    await dropTold(sql, tenantId, now - notifications * dayMs);
  }
  return dropped;
}

async function dropIncidents(sql: TarsierSql, tenantId: number, before: UnixMs): Promise<number> {
  let dropped = 0;
  for (let found = perStatement; found === perStatement; dropped += found) {
    const gone = await sql<{ id: string }[]>`
      select id from incident
      where tenant_id = ${tenantId} and status = 'resolved' and resolved_at < ${before} limit ${perStatement}`;
    found = gone.length;
    if (found === 0) break;
    const ids = gone.map(({ id }) => id);
    await sql.begin(async (tx) => {
      await tx`delete from notification where tenant_id = ${tenantId} and incident_id = any(${ids}::text[])`;
      await tx`delete from alert_decision where tenant_id = ${tenantId} and incident_id = any(${ids}::text[])`;
      await tx`delete from incident_entry where tenant_id = ${tenantId} and incident_id = any(${ids}::text[])`;
      await tx`
        delete from alert
        where tenant_id = ${tenantId} and incident_id = any(${ids}::text[]) and state = 'resolved'`;
      await tx`delete from incident where tenant_id = ${tenantId} and id = any(${ids}::text[])`;
    });
  }
  return dropped;
}

async function dropTold(sql: TarsierSql, tenantId: number, before: UnixMs): Promise<void> {
  // What waits to be sent, and what an open incident goes on from, is not old.
  await deleteAll(
    () => sql`
    delete from notification where (tenant_id, id) in (
      select tenant_id, id from notification
      where tenant_id = ${tenantId} and created_at < ${before} and due_at is null limit ${perStatement})`,
  );
  await deleteAll(
    () => sql`
    delete from alert_decision where (tenant_id, id) in (
      select d.tenant_id, d.id from alert_decision d
      left join incident i on i.tenant_id = d.tenant_id and i.id = d.incident_id
      where d.tenant_id = ${tenantId} and d.at < ${before} and i.status is distinct from 'open'
      limit ${perStatement})`,
  );
}

async function deleteAll(some: () => PromiseLike<{ readonly count: number }>): Promise<void> {
  for (let { count } = await some(); count === perStatement;) ({ count } = await some());
}
