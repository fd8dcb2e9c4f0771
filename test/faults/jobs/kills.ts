/** Kills workers of the job queue at every step of their work, and looks afterwards whether anything is wrong. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { newJobSchema, type NewJob } from '@tarsier/protocol/api';
import { monthOf } from '../../../packages/collector/src/jobs/testing-budget.ts';
import { createJobQueue } from '../../../packages/collector/src/jobs/queue.ts';
import { jobTypes } from '../../../packages/collector/src/jobs/testing-types.ts';
import { silentLog } from '../../../packages/collector/src/log.ts';
import { openEmbedded } from '../../../packages/collector/src/storage/embedded/embedded.ts';
import { storageOnDatabase } from '../../../packages/collector/src/storage/storage.ts';
import type { CrashPoint } from './program.ts';

export interface JobKillsResult {
  readonly kills: number;
  readonly jobs: number;
  /** Runs whose worker was gone. */
  readonly takenOver: number;
  /** Times that a worker's connections were cut instead. */
  readonly cuts: number;
}

const verbs = ['claim', 'finish', 'renew', 'sweep', 'addEvents', 'progress', 'tellChanged', 'saveWorker'] as const;
const whens = ['before', 'during', 'after'] as const;
/** So that a run is never in want of work. */
const jobsPerLife = 30;
/** A crash point that is not reached by then is left: the worker is killed where it is. */
const lifeMs = 2_500;

export async function killWorkers(
  dataFolder: string,
  kills: number,
  onKill: (result: JobKillsResult) => void = () => {},
): Promise<JobKillsResult> {
  const embedded = await openEmbedded({ dataFolder, use: 'own', log: silentLog });
  const connection = { ...embedded.connection, database: 'postgres' };
  const storage = await storageOnDatabase(connection, Date.now);
  const sql = postgres({ ...connection, max: 1, onnotice() {} });
  const queue = createJobQueue({
    storage,
    types: jobTypes,
    pricePerSecond: 1_000_000_000,
    log: silentLog,
    now: Date.now,
  });
  const scopes = [await storage.tenants.ensure('a'), await storage.tenants.ensure('b')];
  for (const scope of scopes) {
    const amount = 9_000_000_000_000_000;
    await storage.budgets.put(scope, monthOf(amount), { by: 'test', at: Date.now() });
  }
  let submitted = 0;
  let cuts = 0;

  async function submit(life: number): Promise<void> {
    for (const scope of scopes) {
      const jobs: NewJob[] = Array.from({ length: jobsPerLife / 2 - 1 }, (_, at) =>
        // Killed over and over, one may need many attempts.
        newJobSchema.parse(
          at % 3 === 0
            ? { type: 'pause', payload: { ms: 10 }, maxAttempts: 25 }
            : { type: 'echo', payload: { life, at }, maxAttempts: 25 },
        ),
      );
      const made = await queue.submit(scope, jobs, 'kills');
      const first = made[0]?.id ?? '';
      const last = newJobSchema.parse({
        type: 'echo',
        payload: { life },
        after: [first],
        key: `last ${life}`,
        maxAttempts: 25,
      });
      await queue.submit(scope, [last], 'kills');
      // The answer was lost: it is submitted again.
      await queue.submit(scope, [last], 'kills');
      submitted += jobs.length + 1;
    }
  }

  async function live(crash: CrashPoint | null, life: number): Promise<void> {
    const program = join(import.meta.dirname, 'program.ts');
    // Those of this process are older, and are not to be cut.
    const [{ began } = { began: '' }] = await sql<{ began: string }[]>`select clock_timestamp()::text as began`;
    const child = spawn(process.execPath, [program, JSON.stringify(connection), JSON.stringify(crash)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise<unknown>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
    const running = new Promise((resolve) => child.stdout.once('data', resolve));
    await Promise.race([running, exited]);
    if (life % 5 === 4) {
      await sleep(100);
      cuts++;
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'tarsier-collector' and backend_start > ${began}::timestamptz`;
    }
    const finished = crash === null ? allFinished() : sleep(lifeMs);
    await Promise.race([exited, finished]);
    child.kill('SIGKILL');
    const how = await exited;
    // Anything but its own death is a fault of the program.
    if (how !== 'SIGKILL') throw new Error(`a worker ended with ${String(how)}; what it said is above`);
  }

  async function allFinished(): Promise<void> {
    for (;;) {
      const [row] = await sql<{ left: number }[]>`select count(*)::int as left from job where finished_at is null`;
      if (row?.left === 0) return;
      await sleep(100);
    }
  }

  async function check(): Promise<JobKillsResult & { readonly problems: readonly string[] }> {
    const [row] = await sql<
      {
        jobs: number;
        unfinished: number;
        dead: number;
        without: number;
        runs: number;
        charged: number;
        cost: number;
        lost: number;
        early: number;
      }[]
    >`
      select count(*)::int as jobs, count(*) filter (where finished_at is null)::int as unfinished,
        count(*) filter (where state <> 'succeeded')::int as dead,
        count(*) filter (where type = 'echo' and result is distinct from payload)::int as without,
        (select sum(runs)::int from job_usage) as runs, (select sum(cost)::float8 from job_usage) as charged,
        sum(cost)::float8 as cost, sum(attempt - 1)::int as lost,
        (select count(*)::int from job_dependency) as early
      from job`;
    const problems = [
      row?.jobs === submitted ? undefined : `${submitted} jobs were submitted, ${row?.jobs} are there`,
      row?.unfinished === 0 ? undefined : `${row?.unfinished} have not finished`,
      row?.dead === 0 ? undefined : `${row?.dead} did not succeed`,
      row?.without === 0 ? undefined : `${row?.without} have another result`,
      row?.runs === submitted ? undefined : `${row?.runs} runs were metered of ${submitted}`,
      row?.charged === row?.cost ? undefined : `${row?.charged} was charged, and jobs cost ${row?.cost}`,
      row?.early === 0 ? undefined : `${row?.early} dependencies are left`,
    ].filter((problem) => problem !== undefined);
    return { kills, jobs: row?.jobs ?? 0, takenOver: row?.lost ?? 0, cuts, problems };
  }

  try {
    for (let life = 0; life < kills; life++) {
      await submit(life);
      const verb = verbs[life % verbs.length] ?? 'claim';
      const when = whens[Math.floor(life / verbs.length) % whens.length] ?? 'after';
      await live({ verb, when, call: 1 + Math.floor(life / (verbs.length * whens.length)) }, life);
      onKill({ kills: life + 1, jobs: submitted, takenOver: 0, cuts });
    }
    await live(null, 0);
    const { problems, ...result } = await check();
    if (problems.length > 0) throw new Error(problems.join('; '));
    return result;
  } finally {
    await sql.end();
    await storage.close();
    await embedded.close();
  }
}
