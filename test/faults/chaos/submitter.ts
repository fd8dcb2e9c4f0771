/** Somebody who submits jobs all the time, as a careful client does: under a key, again until it is taken, and once more. */
import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { operations } from '@tarsier/protocol/api';
import { createApi } from '../../support/tarsier.ts';

export interface Submitter {
  /** Ends; resolves when the last one is taken. @returns the ids of all */
  end(): Promise<readonly string[]>;
}

export interface JobSums {
  readonly succeeded: number;
  /** Runs that were metered. */
  readonly runs: number;
  /** What was charged, and what the jobs cost by themselves. */
  readonly charged: number;
  readonly cost: number;
  /** Attempts after the first: the run's worker was gone, or it failed. */
  readonly moreAttempts: number;
}

const everyMs = 500;
const answerSchema = operations['POST /v1/jobs'].answer;

export function startSubmitter(urls: readonly string[], key: string, tag: string): Submitter {
  const apis = urls.map((url) => createApi(url, key));
  const ids = new Map<string, string>();
  let ended = false;

  async function submit(number: number): Promise<void> {
    // Some are long enough to be under way when what runs them is killed.
    const cpuMs = number % 4 === 0 ? 400 : 20;
    const job = { type: 'diagnose', payload: { cpuMs }, key: `${tag} ${number}`, maxAttempts: 25 };
    // The second time as if the answer had been lost.
    for (let answers = 0, tries = 0; answers < 2; tries++) {
      const answer = await apis[tries % apis.length]?.post('/v1/jobs', job).catch(() => undefined);
      if (answer === undefined) {
        await sleep(200);
        continue;
      }
      const { id } = answerSchema.parse(answer).job;
      const before = ids.get(job.key) ?? id;
      if (before !== id) throw new Error(`${job.key} is two jobs, ${before} and ${id}`);
      ids.set(job.key, id);
      answers++;
    }
  }

  async function go(): Promise<void> {
    for (let number = 0; !ended; number++) {
      await submit(number);
      await sleep(everyMs);
    }
  }
  const done = go();
  // Whoever ends it is told.
  done.catch(() => {});
  return {
    async end() {
      ended = true;
      await done;
      return [...ids.values()];
    },
  };
}

/** What has become of jobs. */
export async function sumsOf(sql: postgres.Sql, ids: readonly string[]): Promise<JobSums> {
  const [row] = await sql<JobSums[]>`
    select count(*) filter (where state = 'succeeded')::int as succeeded,
      (select coalesce(sum(runs), 0)::int from job_usage where type = 'diagnose') as runs,
      (select coalesce(sum(cost), 0)::float8 from job_usage where type = 'diagnose') as charged,
      coalesce(sum(cost), 0)::float8 as cost, coalesce(sum(attempt - 1), 0)::int as "moreAttempts"
    from job where type = 'diagnose' and id = any(${ids}::uuid[])`;
  if (row === undefined) throw new Error('an aggregate has one row');
  return row;
}
