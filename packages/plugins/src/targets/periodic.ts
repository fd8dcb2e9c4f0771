/** Things that are measured each at its own interval, side by side: one that is slow holds up no other. */
import { describeError } from '@tarsier/protocol';

export interface Task {
  readonly name: string;
  readonly intervalMs: number;
}

export type Outcome<T extends Task, Result> =
  | { readonly task: T; readonly result: Result; readonly failure?: undefined }
  | { readonly task: T; readonly result?: undefined; readonly failure: unknown };

export interface PeriodicOptions<T extends Task, Result> {
  readonly tasks: readonly T[];
  /** Measures one. @param signal  aborts when the plugin is closed */
  readonly run: (task: T, signal: AbortSignal) => Promise<Result>;
  /** Clock, ms. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
}

export interface Periodic<T extends Task, Result> {
  /**
   * Starts what is due, and waits for what runs, but not for ever: what takes longer goes on, for a later call.
   *
   * @returns what has ended since the call before
   */
  turn(signal: AbortSignal): Promise<readonly Outcome<T, Result>[]>;
  /** Stops what runs, and waits for its end. */
  close(): Promise<void>;
}

/** More wait until one has ended. */
const sideBySide = 10;
/** The first turn shows everything if it can: whoever tries a plugin out sees no second one. */
const firstWaitMs = 5_000;
const waitMs = 500;

export function createPeriodic<T extends Task, Result>(options: PeriodicOptions<T, Result>): Periodic<T, Result> {
  const { tasks, run, now, warn } = options;
  const nextAt = new Map<T, number>();
  const running = new Map<T, Promise<void>>();
  const failing = new Set<T>();
  const stop = new AbortController();
  let ended: Outcome<T, Result>[] = [];
  let isFirst = true;

  async function start(task: T): Promise<void> {
    try {
      const result = await run(task, stop.signal);
      if (failing.delete(task)) warn(`${task.name}: works again`);
      ended.push({ task, result });
    } catch (failure) {
      if (stop.signal.aborted) return;
      if (!failing.has(task)) warn(`${task.name}: ${describeError(failure)}`);
      failing.add(task);
      ended.push({ task, failure });
    } finally {
      running.delete(task);
    }
  }

  function startDue(): void {
    for (const task of tasks) {
      if (running.size >= sideBySide) return;
      const due = nextAt.get(task) ?? Number.NEGATIVE_INFINITY;
      if (running.has(task) || now() < due) continue;
      // From when it was due, so that intervals do not drift; from now at first and after a pause.
      const next = due + task.intervalMs;
      nextAt.set(task, next > now() ? next : now() + task.intervalMs);
      running.set(task, start(task));
    }
  }

  return {
    async turn(signal) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<'timeout'>((resolve) => {
        timer = setTimeout(resolve, isFirst ? firstWaitMs : waitMs, 'timeout');
        signal.addEventListener('abort', () => resolve('timeout'), { once: true });
      });
      isFirst = false;
      for (;;) {
        startDue();
        if (running.size === 0 || (await Promise.race([timeout, ...running.values()])) === 'timeout') break;
      }
      clearTimeout(timer);
      const outcomes = ended;
      ended = [];
      return outcomes;
    },
    async close() {
      stop.abort();
      await Promise.all(running.values());
    },
  };
}
