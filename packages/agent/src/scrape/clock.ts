/** Time, as an argument: tests have another. */
import { uptime } from 'node:os';
import type { UnixMs } from '@tarsier/protocol';

export interface Clock {
  /** The wall clock, which may be set. */
  now(): UnixMs;
  /** Milliseconds that only go on; suspended time may be missing. */
  monotonic(): number;
  /** As {@link Clock.monotonic}, suspended time included. */
  sinceBoot(): number;
  /** @returns cancels it */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sinceBoot: () => uptime() * 1000,
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
