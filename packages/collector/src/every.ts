import { describeError } from '@tarsier/protocol';
import type { Log } from './log.ts';

/**
 * Runs a chore again and again, the next run `intervalMs` after the last has ended; a failure is logged and does not
 * stop it.
 *
 * @returns ends it; resolves when a run that is under way has ended
 */
export function every(intervalMs: number, what: string, log: Log, chore: () => Promise<void>): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  const schedule = (): void => {
    timer = setTimeout(() => {
      running = chore()
        .catch((error: unknown) => log.error(`${what} failed`, { error: describeError(error) }))
        .then(() => {
          if (!stopped) schedule();
        });
    }, intervalMs);
    timer.unref();
  };
  schedule();

  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
