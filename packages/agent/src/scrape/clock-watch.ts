/** Notices when the wall clock was set, or the host slept: the wall clock then went otherwise than a monotonic one. */
import type { Clock } from './clock.ts';

export const jumpKinds = ['forward', 'back', 'suspended'] as const;

export interface ClockJump {
  readonly kind: (typeof jumpKinds)[number];
  /** How far the wall clock went, beyond the time that passed for this program. */
  readonly byMs: number;
}

export interface ClockWatch {
  /** @returns what happened since the call before */
  check(): ClockJump | undefined;
}

/** NTP slews by 0.5 ms a second at most, and steps by 128 ms at least. */
const leastJumpMs = 100;
/** Two clocks that are read this far apart tell nothing: the program was held up in between. */
const mostReadMs = 20;

export function watchClock(clock: Clock): ClockWatch {
  let offset = clock.now() - clock.monotonic();
  let slept = clock.sinceBoot() - clock.monotonic();
  return {
    check() {
      const before = clock.monotonic();
      const nowOffset = clock.now() - before;
      if (clock.monotonic() - before > mostReadMs) return undefined;
      const byMs = nowOffset - offset;
      // A long slew is followed, it is no jump.
      offset = nowOffset;
      if (Math.abs(byMs) < leastJumpMs) return undefined;
      const sleptMs = clock.sinceBoot() - clock.monotonic() - slept;
      slept += sleptMs;
      if (sleptMs >= leastJumpMs && byMs > 0) return { kind: 'suspended', byMs };
      return { kind: byMs > 0 ? 'forward' : 'back', byMs };
    },
  };
}
