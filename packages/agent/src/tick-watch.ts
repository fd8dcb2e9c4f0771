import type { UnixMs } from '@tarsier/protocol';
import type { AgentConfig } from './config/config.ts';
import type { Clock } from './scrape/clock.ts';

/** As many ticks may be missing, and as long at least: a clock that is set back a little is waited for meanwhile. */
const mostMissing = 10;
const leastMs = 10_000;

/**
 * From a failure that nothing waited for on, looks whether there are still ticks: one that was the agent's own may have
 * ended them, and an agent that measures nothing should end, for whoever keeps it running to begin it anew.
 *
 * @param lastTick  time of the last one that began
 * @param settings  those in use: they may change
 * @param onStill  no tick came for so long, ms; called once
 * @returns `begin` begins to look, the first time that it is called; `stop` before ticks end as they should
 */
export function createTickWatch({
  lastTick,
  settings,
  onStill,
  clock,
}: {
  readonly lastTick: () => UnixMs | undefined;
  readonly settings: () => Pick<AgentConfig, 'intervalMs' | 'timeoutMs'>;
  readonly onStill: (ms: number) => void;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
}): { begin(): void; stop(): void } {
  /** It looks already, or not any more. */
  let begun = false;
  let seen: UnixMs | undefined;
  let since = 0;
  let cancel = (): void => {};

  function look(): void {
    const last = lastTick();
    const now = clock.monotonic();
    if (last !== seen) [seen, since] = [last, now];
    const { intervalMs, timeoutMs } = settings();
    // A tick may wait for a plugin as long as its timeout, and so may one that somebody asked for before it.
    const limitMs = Math.max(mostMissing * intervalMs, leastMs + 2 * timeoutMs);
    if (now - since >= limitMs) onStill(now - since);
    else cancel = clock.after(limitMs / 4, look);
  }

  return {
    begin() {
      if (begun) return;
      begun = true;
      [seen, since] = [lastTick(), clock.monotonic()];
      look();
    },
    stop() {
      begun = true;
      cancel();
    },
  };
}
