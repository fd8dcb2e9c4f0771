import { randomUUID } from 'node:crypto';
import type { UnixMs } from '@tarsier/protocol';
import { newScheduleSchema, type JobSchedule, type NewSchedule } from '@tarsier/protocol/api';
import type { TenantScope } from '../../tenant.ts';
import type { AnySql, TarsierSql } from '../database.ts';
import { wakeStatement } from './hints.ts';
import { storableJson } from './storable-json.ts';
import { submitWithin, type JobToSubmit } from './submit.ts';

interface ScheduleRow {
  readonly tenant_id: number;
  readonly tenant: string;
  readonly id: string;
  readonly body: unknown;
  readonly next_at: number | null;
  readonly last_at: number | null;
  readonly last_job: string | null;
}

const scheduleOf = (row: ScheduleRow): JobSchedule => ({
  ...newScheduleSchema.parse(row.body),
  id: row.id,
  nextAt: row.next_at,
  lastAt: row.last_at,
  lastJob: row.last_job,
});

export async function listSchedules(sql: AnySql, { tenantId }: TenantScope): Promise<readonly JobSchedule[]> {
  const rows = await sql<ScheduleRow[]>`
    select * from job_schedule where tenant_id = ${tenantId} order by created_at, id`;
  return rows.map(scheduleOf);
}

export async function createSchedule(
  sql: AnySql,
  { tenantId }: TenantScope,
  schedule: NewSchedule,
  nextAt: UnixMs | null,
  now: UnixMs,
): Promise<JobSchedule> {
  const id = randomUUID();
  await sql`
    insert into job_schedule (tenant_id, id, body, next_at, created_at)
    values (${tenantId}, ${id}, ${storableJson(schedule)}::text::jsonb, ${nextAt}, ${now})`;
  return { ...schedule, id, nextAt, lastAt: null, lastJob: null };
}

export async function deleteSchedule(sql: AnySql, { tenantId }: TenantScope, id: string): Promise<boolean> {
  const gone = await sql`delete from job_schedule where tenant_id = ${tenantId} and id = ${id}`;
  return gone.count > 0;
}

/** What is to be done about a schedule whose time has come. */
export interface Firing {
  readonly jobs: readonly JobToSubmit[];
  readonly nextAt: UnixMs | null;
}

/**
 * Submits the jobs of schedules that are due and moves them on, each in a transaction: whoever else looks meanwhile
 * passes it over, and whoever dies leaves it as it was.
 *
 * @returns how many jobs were submitted
 */
export async function fireSchedules(
  sql: TarsierSql,
  now: UnixMs,
  decide: (scope: TenantScope, schedule: JobSchedule) => Promise<Firing>,
): Promise<number> {
  let submitted = 0;
  for (;;) {
    const fired = await sql.begin(async (tx) => {
      const [row] = await tx<ScheduleRow[]>`
        select s.*, t.name as tenant from job_schedule s join tenant t using (tenant_id)
        where s.next_at <= ${now} and s.tenant_id not in (select tenant_id from closed_tenant) order by s.next_at limit 1 for update of s skip locked`;
      if (row === undefined) return undefined;
      const scope = { tenantId: row.tenant_id, tenant: row.tenant };
      const { jobs, nextAt } = await decide(scope, scheduleOf(row));
      const done = await submitWithin(tx, scope, jobs, { by: 'schedule', now });
      const lastJob = done.at(-1)?.id ?? row.last_job;
      await tx`
        update job_schedule set next_at = ${nextAt}, last_at = ${now}, last_job = ${lastJob}
        where tenant_id = ${row.tenant_id} and id = ${row.id}`;
      return done.length;
    });
    if (fired === undefined) break;
    submitted += fired;
  }
  if (submitted > 0) await wakeStatement(sql);
  return submitted;
}
