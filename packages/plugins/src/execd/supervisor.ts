/** One program that goes on: started again when it ends, later and later while it does not stay. */
import type { RunningProgram } from '../host/start-program.ts';

export interface SupervisorDeps {
  /** @throws when it can not even be tried */
  readonly start: (onEnd: (why: string) => void) => Promise<RunningProgram>;
  /** Clock, ms. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
}

export interface Supervisor {
  /** Starts the program if it does not run and its time has come. */
  tend(): Promise<void>;
  /** The program, while it runs. */
  readonly running: RunningProgram | undefined;
  /** Starts after the first one. */
  readonly restarts: number;
  stop(): Promise<void>;
}

const firstDelayMs = 1_000;
const mostDelayMs = 300_000;
/** One that has run so long was no failure to start. */
const steadyMs = 60_000;
const graceMs = 3_000;

export function createSupervisor({ start, now, warn }: SupervisorDeps): Supervisor {
  let running: RunningProgram | undefined;
  let starts = 0;
  let startedAt = 0;
  let nextAt = Number.NEGATIVE_INFINITY;
  let failedInARow = 0;
  let isStopped = false;

  function onEnd(why: string): void {
    running = undefined;
    if (isStopped) return;
    if (now() - startedAt >= steadyMs) failedInARow = 0;
    const delay = Math.min(mostDelayMs, firstDelayMs * 2 ** failedInARow++);
    nextAt = now() + delay;
    // Told at each doubling, and so no more than once in five minutes in the end.
    warn(`${why}; it is started again in ${delay / 1000} s`);
  }

  return {
    get running() {
      return running;
    },
    get restarts() {
      return Math.max(0, starts - 1);
    },
    async tend() {
      if (running !== undefined || isStopped || now() < nextAt) return;
      // Until it has been started, no other call must start it too.
      nextAt = Number.POSITIVE_INFINITY;
      starts++;
      startedAt = now();
      try {
        let hasEnded = false;
        const program = await start((why) => {
          hasEnded = true;
          onEnd(why);
        });
        if (!hasEnded) running = program;
        if (isStopped) await program.stop(graceMs);
      } catch (error) {
        onEnd(error instanceof Error ? error.message : String(error));
      }
    },
    async stop() {
      isStopped = true;
      await running?.stop(graceMs);
    },
  };
}
