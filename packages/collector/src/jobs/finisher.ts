import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { Finished, Outcome } from '../storage/jobs/finish.ts';
import type { Jobs } from '../storage/jobs/jobs.ts';

export interface Finisher {
  /** Written as soon as what is being written is, with all that came meanwhile. */
  add(outcome: Outcome): void;
  /** Resolves once nothing waits to be written. */
  drained(): Promise<void>;
}

const most = 500;
const retryMs = 500;

/** @param onDone  told what is no longer to be written: it was, or somebody else has the job */
export function createFinisher({
  jobs,
  log,
  now,
  onDone,
}: {
  readonly jobs: Pick<Jobs['work'], 'finish'>;
  readonly log: Log;
  readonly now: () => number;
  readonly onDone: (outcomes: readonly Outcome[], counted: readonly Finished[]) => void;
}): Finisher {
  const waiting: Outcome[] = [];
  let writing: Promise<void> | undefined;

  async function write(batch: readonly Outcome[]): Promise<void> {
    for (;;) {
      try {
        onDone(batch, await jobs.finish(batch, now()));
        return;
      } catch (error) {
        log.warn('ends of jobs were not written', { jobs: batch.length, error: describeError(error) });
        if (!isOfTheData(error)) await sleep(retryMs);
        else if (batch.length === 1) return await give(batch, error);
        // One of them is at fault: the others must not wait for it.
        else return void (await Promise.all(batch.map((outcome) => write([outcome]))));
      }
    }
  }

  /** What can't be written as it is, is written as a failure. */
  async function give([outcome]: readonly Outcome[], error: unknown): Promise<void> {
    if (outcome === undefined) return;
    const { tenantId, id, fence, meteredMs, cost } = outcome;
    const failure = {
      code: 'jobs/result',
      message: `its end could not be stored: ${describeError(error)}`,
      retryable: false,
    };
    const failed: Outcome = { tenantId, id, fence, meteredMs, cost, state: 'failed', error: failure };
    onDone([failed], await jobs.finish([failed], now()).catch(() => []));
  }

  async function run(): Promise<void> {
    // The rest of this turn of the event loop comes along.
    await Promise.resolve();
    while (waiting.length > 0) await write(waiting.splice(0, most));
    writing = undefined;
  }

  return {
    add(outcome) {
      waiting.push(outcome);
      writing ??= run();
    },
    async drained() {
      while (writing !== undefined) await writing;
    },
  };
}

/** Class 22 (data) and 54 (limits) of PostgreSQL's errors: they come again. */
function isOfTheData(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(22|54)/u.test(String(error.code));
}
