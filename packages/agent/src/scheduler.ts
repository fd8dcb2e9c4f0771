import type { UnixMs } from '@tarsier/protocol';

export interface Clock {
  /** The wall clock, which may be set. */
  now(): UnixMs;
  /** Milliseconds that only go on; suspended time may be missing. */
  monotonic(): number;
  /** @returns cancels it */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface Scheduler {
  start(): void;
  /** Resolves when a tick that is under way has ended. */
  stop(): Promise<void>;
}

export interface SchedulerDeps {
  readonly intervalMs: number;
  readonly clock: Clock;
  /** @param time  a multiple of the interval since 1970, later than every one before; @param lagMs  how late it runs */
  readonly onTick: (time: UnixMs, lagMs: number) => Promise<void>;
  /** Ticks that could not be, because the one before took too long or the clock was set forward. */
  readonly onMissed: (ticks: number) => void;
}

/**
 * Ticks at whole multiples of the interval on the wall clock, so that all hosts sample at the same times. One timer,
 * no overlap: a tick that takes longer than the interval costs the next ones, which are counted.
 */
export function createScheduler({ intervalMs, clock, onTick, onMissed }: SchedulerDeps): Scheduler {
  let last: UnixMs | undefined;
  let cancel = (): void => {};
  let running: Promise<void> = Promise.resolve();
  let stopped = true;

  function schedule(): void {
    if (stopped) return;
    const now = clock.now();
    // After the clock was set back: times must not repeat, so the ticks wait, at most for one interval more than needed.
    const next = Math.max((Math.floor(now / intervalMs) + 1) * intervalMs, (last ?? 0) + intervalMs);
    cancel = clock.after(next - now, tick);
  }

  function tick(): void {
    const now = clock.now();
    const time = Math.floor(now / intervalMs) * intervalMs;
    // A timer may run a little early.
    if (last !== undefined && time <= last) {
      schedule();
      return;
    }
    if (last !== undefined && time > last + intervalMs) onMissed((time - last) / intervalMs - 1);
    last = time;
    running = onTick(time, now - time).finally(schedule);
  }

  return {
    start() {
      stopped = false;
      schedule();
    },
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
