import { describeError } from '@tarsier/protocol';
import { every } from '../every.ts';
import type { Log } from '../log.ts';
import type { JobHint } from '../storage/jobs/hints.ts';
import type { Storage } from '../storage/storage.ts';
import type { JobTypes } from './job-type.ts';
import { createJobQueue, type JobQueue } from './queue.ts';
import { createRunner, defaultRunnerOptions, type Runner, type RunnerOptions } from './runner.ts';
import { createJobRooms } from './threads/rooms.ts';
import { createThreadPool } from './threads/thread-pool.ts';

export interface JobsRunning {
  readonly queue: JobQueue;
  /** Absent where this process runs none. */
  readonly runner: Runner | undefined;
  stop(): Promise<void>;
}

/** How long jobs are kept after their end. */
const retention = { finishedMs: 30 * 86_400_000, failedMs: 90 * 86_400_000, most: 10_000 } as const;
const chores = { scheduleMs: 1_000, retentionMs: 600_000 } as const;

/**
 * The queue, and a worker in this process.
 *
 * @param registry  URL of the module that exports `jobTypes`: threads load them by it
 */
export async function startJobs({
  storage,
  types,
  registry,
  log,
  name,
  options: someOptions = {},
  onHint = () => {},
  now = Date.now,
}: {
  readonly storage: Storage;
  readonly types: JobTypes;
  readonly registry: string;
  readonly log: Log;
  readonly name: string;
  readonly options?: Partial<RunnerOptions>;
  readonly onHint?: (hint: JobHint) => void;
  readonly now?: () => number;
}): Promise<JobsRunning> {
  const options = { ...defaultRunnerOptions, ...someOptions };
  const runner =
    options.threads + options.inline === 0
      ? undefined
      : createRunner({
          storage,
          types,
          pool: createThreadPool({ connection: storage.connection, registry, yields: options.yields }),
          rooms: createJobRooms(storage, log, now),
          log,
          options,
          name,
          now,
        });
  const unlisten = await storage.jobs.work.listen((hint) => {
    runner?.hint(hint);
    onHint(hint);
  });
  const queue = createJobQueue({
    storage,
    types,
    pricePerSecond: options.pricePerSecond,
    log,
    now,
    onSubmitted: () => runner?.wake(),
  });
  const stopChores = [
    every(chores.scheduleMs, 'submitting scheduled jobs', log, async () => void (await queue.fire())),
    every(chores.retentionMs, 'forgetting old jobs', log, async () => {
      while ((await storage.jobs.work.expire(now(), retention)) === retention.most);
    }),
  ];
  return {
    queue,
    runner,
    async stop() {
      await Promise.all(stopChores.map((stop) => stop()));
      await unlisten().catch((error: unknown) => log.debug('stopped listening', { error: describeError(error) }));
      await runner?.stop();
    },
  };
}
