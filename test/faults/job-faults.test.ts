import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newJobSchema } from '@tarsier/protocol/api';
import { monthOf } from '../../packages/collector/src/jobs/testing-budget.ts';
import { createJobQueue, type JobQueue } from '../../packages/collector/src/jobs/queue.ts';
import { jobTypes } from '../../packages/collector/src/jobs/testing-types.ts';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded, type EmbeddedPostgres } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { storageOnDatabase, type Storage } from '../../packages/collector/src/storage/storage.ts';
import type { TenantScope } from '../../packages/collector/src/tenant.ts';
import { eventually, killAll, run, temporaryFolder } from '../support/processes.ts';

const folder = await temporaryFolder();
const data = join(folder.path, 'data');
let embedded: EmbeddedPostgres;
let storage: Storage;
let queue: JobQueue;
let sql: postgres.Sql;
let scope: TenantScope;

const open = (): Promise<EmbeddedPostgres> => openEmbedded({ dataFolder: data, use: 'own', log: silentLog });
const connection = () => ({ ...embedded.connection, database: 'postgres' });

beforeAll(async () => {
  embedded = await open();
  storage = await storageOnDatabase(connection(), Date.now);
  sql = postgres({ ...connection(), max: 1, onnotice() {} });
  queue = createJobQueue({ storage, types: jobTypes, pricePerSecond: 1_000_000_000, log: silentLog, now: Date.now });
  scope = await storage.tenants.ensure('acme');
});
afterEach(async () => {
  killAll();
  await sql`truncate job, job_usage`;
});
afterAll(async () => {
  await sql.end();
  await storage.close();
  await embedded.close();
  await folder.remove();
});

/** A worker in a process of its own, with a lease of a second. */
async function startWorker(only?: string) {
  const type = only === undefined ? [] : [JSON.stringify(only)];
  const worker = run('test/faults/jobs/program.ts', [JSON.stringify(connection()), 'null', ...type], {});
  await worker.lineThat((line) => (line === 'running' ? true : undefined));
  return worker;
}

async function submit(type: string, payload: object, more: object = {}): Promise<string> {
  const [one] = await queue.submit(scope, [newJobSchema.parse({ type, payload, ...more })], 'test');
  return one?.id ?? '';
}

const reached = (id: string, ...states: readonly string[]) =>
  eventually(async () => {
    const { job } = await queue.describe(scope, id);
    return states.includes(job.state) ? job : undefined;
  }, 30_000);

/** What was metered and charged is what the jobs cost, of so many runs. */
async function expectPaidFor(runs: number): Promise<void> {
  const [row] = await sql<{ runs: number; charged: number; cost: number }[]>`
    select sum(runs)::int as runs, sum(cost)::float8 as charged, (select sum(cost)::float8 from job) as cost
    from job_usage`;
  expect(row?.runs).toBe(runs);
  expect(row?.charged).toBe(row?.cost);
}

test('a worker that stood still past its lease has lost its job: another ran it once, and the first one’s end counts for nothing', async () => {
  const still = await startWorker();
  const id = await submit('pause', { ms: 1_500 });
  await reached(id, 'running');
  process.kill(still.pid, 'SIGSTOP');
  const other = await startWorker();
  await eventually(async () => ((await queue.describe(scope, id)).job.attempt === 2 ? true : undefined), 30_000);
  process.kill(still.pid, 'SIGCONT');
  const job = await reached(id, 'succeeded');
  expect(job).toMatchObject({ attempt: 2, result: { attempt: 2 } });
  await expectPaidFor(1);
  // It knows, and goes on with others.
  await other.end('SIGKILL');
  const next = await submit('echo', { a: 1 });
  expect(await reached(next, 'succeeded')).toMatchObject({ result: { a: 1 } });
  await expectPaidFor(2);
});

test.each(['place of its tenant', 'of its budget'])('two workers never both give away the last %s', async (last) => {
  const racing = await storage.tenants.ensure(last);
  // Each takes what the other does not: else they would meet at the same job.
  const types = ['pause', 'doze'];
  await Promise.all(types.map((type) => startWorker(type)));
  if (last === 'of its budget') {
    // A run of up to 33 ms has 0.1 USD set aside: a second one beside it is too much.
    const amount = 150_000_000;
    await storage.budgets.put(racing, monthOf(amount, { id: 'b' }), { by: 'test', at: Date.now() });
  } else await storage.jobs.setLane(racing, '*', { maxRunning: 1 });
  const jobs = Array.from({ length: 60 }, (_, at) => newJobSchema.parse({ type: types[at % 2], payload: { ms: 5 } }));
  await queue.submit(racing, jobs, 'test');
  const atOnce: number[] = [];
  const ran = new Set<string>();
  for (let left = jobs.length; left > 0;) {
    // Both look as soon as it is told.
    const [row] = await sql<{ running: readonly string[] | null; left: number }[]>`
      select array_agg(type) filter (where state = 'running') as running,
        count(*) filter (where finished_at is null)::int as left, pg_notify('tarsier_jobs', 'wake') from job`;
    for (const type of row?.running ?? []) ran.add(type);
    atOnce.push(row?.running?.length ?? 0);
    left = row?.left ?? 0;
  }
  expect({ most: Math.max(...atOnce), ran: ran.size }).toEqual({ most: 1, ran: types.length });
  await expectPaidFor(jobs.length);
});

test.each(['stopped', 'crashed', 'killed'] as const)(
  'while the database is %s and started again nothing is lost, run to its end twice or charged twice',
  async (how) => {
    await startWorker();
    const ids: string[] = [];
    // Some have ended by then, some run, some wait: eight run at once.
    for (let at = 0; at < 30; at++) ids.push(await submit('pause', { ms: 20 * at }, { maxAttempts: 9 }));
    await reached(ids[2] ?? '', 'succeeded');
    if (how !== 'stopped') {
      const [pid] = (await readFile(join(data, 'postgresql', 'data', 'postmaster.pid'), 'utf8')).split('\n');
      process.kill(Number(pid), how === 'crashed' ? 'SIGQUIT' : 'SIGKILL');
    }
    await embedded.close();
    embedded = await open();
    for (const id of ids) await reached(id, 'succeeded');
    await expectPaidFor(30);
  },
);

test('a payload that kills its worker is a dead letter after its attempts, and holds up no other', async () => {
  const poison = await submit('poison', {});
  const others: string[] = [];
  for (let life = 0; life < 2; life++) {
    const worker = await startWorker();
    others.push(await submit('echo', { life }, { maxAttempts: 9 }));
    expect(await worker.exited).toBe('SIGKILL');
  }
  await startWorker();
  expect((await reached(poison, 'failed')).error).toMatchObject({ code: 'jobs/worker-lost' });
  for (const id of others) await reached(id, 'succeeded');
  await expectPaidFor(2);
});
