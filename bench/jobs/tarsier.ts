import { newJobSchema } from '@tarsier/protocol/api';
import type postgres from 'postgres';
import { z } from 'zod';
import { monthOf } from '../../packages/collector/src/jobs/testing-budget.ts';
import { defineJobType, jobTypesOf } from '../../packages/collector/src/jobs/job-type.ts';
import { startJobs, type JobsRunning } from '../../packages/collector/src/jobs/start-jobs.ts';
import { silentLog } from '../../packages/collector/src/log.ts';
import type { Connection } from '../../packages/collector/src/storage/database.ts';
import { storageOnDatabase } from '../../packages/collector/src/storage/storage.ts';
import type { MeasuredQueue } from './queue.ts';

const perSubmission = 1_000;
/** Tenants that all want the workers, and their weights. */
const weights = [1, 1, 4] as const;

/** With three tenants that share by weight, and a budget each. */
export async function tarsierQueue(connection: Connection, sql: postgres.Sql): Promise<MeasuredQueue> {
  const storage = await storageOnDatabase(connection, Date.now);
  const scopes = await Promise.all(weights.map((_, at) => storage.tenants.ensure(`bench-${at}`)));
  for (const [at, scope] of scopes.entries()) {
    await storage.jobs.setLane(scope, '*', { weight: weights[at] });
    const amount = 1_000_000_000_000_000;
    await storage.budgets.put(scope, monthOf(amount), { by: 'bench', at: Date.now() });
  }
  const started = new Map<string, (at: number) => void>();
  const bare = { payload: z.looseObject({}), runs: 'inline', estimateMs: () => 1 } as const;
  const types = jobTypesOf([
    defineJobType({ ...bare, name: 'noop', summary: 'Does nothing.', run: () => Promise.resolve() }),
    defineJobType({
      ...bare,
      name: 'single',
      summary: 'Says that it runs.',
      run({ nonce }) {
        started.get(String(nonce))?.(performance.now());
        return Promise.resolve();
      },
    }),
    defineJobType({ ...bare, name: 'parked', summary: 'Waits.', run: () => Promise.resolve() }),
  ]);
  const common = { storage, registry: '', log: silentLog, name: 'bench' };
  const producer = await startJobs({ ...common, types, options: { threads: 0, inline: 0 } });
  let worker: JobsRunning | undefined;
  const [only] = scopes;
  if (only === undefined) throw new Error('no tenant');
  const first = only;

  async function submitAndStart({ queue }: JobsRunning): Promise<number> {
    const nonce = String(Math.random());
    const ran = new Promise<number>((resolve) => started.set(nonce, resolve));
    const began = performance.now();
    await queue.submit(first, [newJobSchema.parse({ type: 'single', payload: { nonce } })], 'bench');
    const at = await ran;
    started.delete(nonce);
    return at - began;
  }

  return {
    name: 'tarsier',
    conditions: 'three tenants with weights 1, 1, 4 and a budget each; synchronous commit',
    async ballast(finished, waiting) {
      await sql`
        insert into job (tenant_id, id, type, state, priority, payload, submitted_by, created_at, finished_at,
          max_attempts, timeout_ms, base_ms, estimate_ms, estimate_cost, reserved)
        select ${first.tenantId}, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
          case when n <= ${finished} then 'noop' else 'parked' end,
          case when n <= ${finished} then 'succeeded' else 'waiting' end,
          0, '{}', 'bench', 1, case when n <= ${finished} then 1 end, 3, 600000, 1, 1, 50, 5000
        from generate_series(1, ${finished + waiting}::int) n`;
      await storage.jobs.setLane(first, 'parked', { paused: true });
      await sql`vacuum analyze job`;
    },
    async enqueue(count) {
      const job = newJobSchema.parse({ type: 'noop' });
      const jobs = Array.from({ length: perSubmission }, () => job);
      for (let done = 0; done < count; done += perSubmission) {
        const scope = scopes[(done / perSubmission) % scopes.length] ?? first;
        await producer.queue.submit(scope, jobs, 'bench');
      }
    },
    async drain(count) {
      worker = await startJobs({ ...common, types, options: { threads: 0, inline: 1_500 } });
      for (;;) {
        const [row] = await sql<{ runs: number }[]>`
          select coalesce(sum(runs), 0)::int as runs from job_usage where type = 'noop'`;
        if ((row?.runs ?? 0) >= count) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await worker.stop();
    },
    async startWorker() {
      worker = await startJobs({ ...common, types, options: { threads: 0, inline: 100 } });
    },
    submitAndStart: () => submitAndStart(producer),
    submitAndStartHere: () => submitAndStart(worker ?? producer),
    async stop() {
      await worker?.stop();
      await producer.stop();
      await storage.close();
      await sql.end();
    },
  };
}
