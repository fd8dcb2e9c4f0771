/** Time that passes only when a test lets it, for all timers of this process: what waits goes off in order, at once. */
import { setImmediate as turn } from 'node:timers/promises';
import type { UnixMs } from '@tarsier/protocol';

export interface VirtualTime {
  now(): UnixMs;
  /** @returns cancels it */
  after(ms: number, run: () => void): () => void;
  sleep(ms: number): Promise<void>;
  /** Until then all that is due goes off, the earliest first, and each is done with before the next. */
  advanceTo(until: UnixMs): Promise<void>;
  /** Nothing goes off any more; timers are real ones again. */
  end(): void;
}

interface Timer {
  readonly run: () => void;
  readonly everyMs: number | undefined;
}

export function startVirtualTime(start: UnixMs): VirtualTime {
  const real = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate };
  const realNow = performance.now.bind(performance);
  let now = start;
  let count = 0;
  /** By when, and in the order in which they were set. */
  let queue: { readonly at: UnixMs; readonly order: number; readonly timer: Timer }[] = [];
  const cancelled = new WeakSet<Timer>();

  function add(timer: Timer, ms: number): void {
    const one = { at: now + Math.max(0, Math.ceil(ms)), order: count++, timer };
    let [low, high] = [0, queue.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      // Last comes first: taking from the end is cheap.
      if ((queue[middle]?.at ?? 0) > one.at) low = middle + 1;
      else high = middle;
    }
    queue.splice(low, 0, one);
  }

  function set(run: () => void, ms = 0, everyMs?: number) {
    const timer: Timer & { ref(): unknown; unref(): unknown } = {
      run,
      everyMs,
      ref: () => timer,
      unref: () => timer,
    };
    add(timer, ms);
    return timer;
  }

  const cancel = (timer?: unknown): void => {
    if (typeof timer === 'object' && timer !== null) cancelled.add(timer as Timer);
  };

  Object.assign(globalThis, {
    setTimeout: (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => set(() => run(...args), ms),
    setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) => set(() => run(...args)),
    setInterval: (run: () => void, ms = 1) => set(run, ms, Math.max(1, ms)),
    clearTimeout: cancel,
    clearInterval: cancel,
  });
  performance.now = () => now - start;

  return {
    now: () => now,
    after(ms, run) {
      const timer = set(run, ms);
      return () => cancel(timer);
    },
    sleep: (ms) => new Promise((resolve) => void set(resolve, ms)),
    async advanceTo(until) {
      for (let next = queue.at(-1); next !== undefined && next.at <= until; next = queue.at(-1)) {
        queue.pop();
        const { at, timer } = next;
        if (cancelled.has(timer)) continue;
        now = at;
        timer.run();
        if (timer.everyMs !== undefined && !cancelled.has(timer)) add(timer, timer.everyMs);
        // Whatever follows from it without waiting.
        await turn();
      }
      now = Math.max(now, Math.round(until));
    },
    end() {
      queue = [];
      Object.assign(globalThis, real);
      performance.now = realNow;
    },
  };
}
