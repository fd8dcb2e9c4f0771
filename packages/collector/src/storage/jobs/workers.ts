import type { UnixMs } from '@tarsier/protocol';
import type { TarsierSql } from '../database.ts';

/** A process that runs jobs. */
export interface JobWorkerRow {
  readonly id: string;
  readonly name: string;
  readonly startedAt: UnixMs;
  /** Jobs that it runs at once: CPU-heavy ones, each in a thread, and others. */
  readonly threads: number;
  readonly inline: number;
  readonly running: number;
  readonly types: readonly string[];
}

/** One that was not seen for so long is gone. */
const goneS = 15;

export async function saveWorker(sql: TarsierSql, worker: JobWorkerRow): Promise<void> {
  const { id, name, startedAt, threads, inline, running, types } = worker;
  await sql`
    insert into job_worker (id, name, started_at, seen_at, threads, inline, running, types)
    values (${id}, ${name}, ${startedAt}, clock_timestamp(), ${threads}, ${inline}, ${running}, ${[...types]}::text[])
    on conflict (id) do update set seen_at = excluded.seen_at, running = excluded.running`;
}

export async function deleteWorker(sql: TarsierSql, id: string): Promise<void> {
  await sql`
    delete from job_worker where id = ${id} or seen_at < clock_timestamp() - make_interval(secs => ${100 * goneS})`;
}

export async function listWorkers(sql: TarsierSql): Promise<readonly JobWorkerRow[]> {
  return sql<JobWorkerRow[]>`
    select id, name, started_at as "startedAt", threads, inline, running, types from job_worker
    where seen_at > clock_timestamp() - make_interval(secs => ${goneS}) order by started_at`;
}
