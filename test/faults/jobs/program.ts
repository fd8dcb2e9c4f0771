/** A worker that ends itself, as a power cut would, at one step of its work; kills.ts starts it. */
import '../../../packages/collector/src/quick-imports.ts';
import { silentLog } from '../../../packages/collector/src/log.ts';
import type { Connection } from '../../../packages/collector/src/storage/database.ts';
import type { Jobs } from '../../../packages/collector/src/storage/jobs/jobs.ts';

const { jobTypes } = await import('../../../packages/collector/src/jobs/testing-types.ts');
const { startJobs } = await import('../../../packages/collector/src/jobs/start-jobs.ts');
const { storageOnDatabase } = await import('../../../packages/collector/src/storage/storage.ts');

export interface CrashPoint {
  readonly verb: keyof Jobs['work'];
  readonly when: 'before' | 'after' | 'during';
  /** Which of its calls. */
  readonly call: number;
}

// As kills.ts writes them.
const [connection, crash, only] = process.argv.slice(2).map((text) => JSON.parse(text) as unknown) as [
  Connection,
  CrashPoint | null,
  // The only type that it takes.
  string | undefined,
];
const die = (): void => void process.kill(process.pid, 'SIGKILL');

function crashing(work: Jobs['work']): Jobs['work'] {
  if (crash === null) return work;
  let calls = 0;
  // Each verb takes what it takes: this only counts.
  const real = work[crash.verb] as (...args: unknown[]) => Promise<unknown>;
  const wrapped = async (...args: unknown[]): Promise<unknown> => {
    if (++calls !== crash.call) return real(...args);
    if (crash.when === 'before') die();
    const done = real(...args);
    if (crash.when === 'during') setTimeout(die, 1);
    const result = await done;
    die();
    return result;
  };
  return { ...work, [crash.verb]: wrapped };
}

const real = await storageOnDatabase(connection, Date.now);
const storage = { ...real, jobs: { ...real.jobs, work: crashing(real.jobs.work) } };
await startJobs({
  storage,
  types: new Map([...jobTypes].filter(([name]) => only === undefined || name === only)),
  registry: '',
  log: silentLog,
  name: 'crashing',
  options: { threads: 0, inline: 8, leaseMs: 1_000, pollMs: 100 },
});
process.stdout.write('running\n');
