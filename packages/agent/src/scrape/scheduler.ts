import type { UnixMs } from '@tarsier/protocol';
import { watchClock, type ClockJump } from './clock-watch.ts';
import type { Clock } from './clock.ts';

export interface Scheduler {
  start(): void;
  /** Resolves when a tick that is under way has ended. */
  stop(): Promise<void>;
}

export interface Tick {
  /** A multiple of the interval since 1970, later than every one before, but after the clock was set back. */
  readonly time: UnixMs;
  /** How late it runs. */
  readonly lagMs: number;
  /** The clock was set back so far that times begin again from there: earlier ones may come again. */
  readonly again: boolean;
}

export interface SchedulerDeps {
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly onTick: (tick: Tick) => Promise<void>;
  /** Ticks that could not be, because the one before took too long or the host was too busy. */
  readonly onMissed: (ticks: number) => void;
  readonly onJump: (jump: ClockJump) => void;
}

/** A clock that is set back by less is waited for: a gap of some seconds, and no time twice. */
const leastSetBackMs = 5_000;

/**
 * Ticks at whole multiples of the interval on the wall clock, so that all hosts sample at the same times. One timer,
 * no overlap: a tick that takes longer than the interval costs the next ones, which are counted.
 */
export function createScheduler({ intervalMs, clock, onTick, onMissed, onJump }: SchedulerDeps): Scheduler {
  const watch = watchClock(clock);
  const setBackMs = Math.max(leastSetBackMs, 2 * intervalMs);
  let last: UnixMs | undefined;
  let cancel = (): void => {};
  let running: Promise<void> = Promise.resolve();
  let stopped = true;

  function schedule(): void {
    if (stopped) return;
    const now = clock.now();
    const next = (Math.floor(now / intervalMs) + 1) * intervalMs;
    const waitFor = last !== undefined && next <= last && last - next < setBackMs ? last + intervalMs : next;
    cancel = clock.after(waitFor - now, tick);
  }

  function tick(): void {
    const jump = watch.check();
    if (jump !== undefined) onJump(jump);
    const now = clock.now();
    const time = Math.floor(now / intervalMs) * intervalMs;
    const again = last !== undefined && last - time >= setBackMs;
    // A timer may run a little early.
    if (last !== undefined && time <= last && !again) {
      schedule();
      return;
    }
    // Time that nobody here lived through was not missed.
    const due = jump === undefined ? time : time - jump.byMs;
    if (last !== undefined && due > last + intervalMs) onMissed(Math.ceil((due - last) / intervalMs) - 1);
    last = time;
    running = onTick({ time, lagMs: now - time, again }).finally(schedule);
  }

  return {
    start() {
      stopped = false;
      schedule();
    },
    async stop() {
      stopped = true;
      cancel();
      // That no tick could follow it was told where it failed.
      await Promise.allSettled([running]);
    },
  };
}
