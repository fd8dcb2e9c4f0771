import { expect, test } from 'vitest';
import { createTickWatch } from './tick-watch.ts';

/** A watch over ticks that are begun by hand, on a clock that is moved by hand. */
function startWatch({ intervalMs = 1_000, timeoutMs = 900 } = {}) {
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const stills: number[] = [];
  let now = 0;
  let last = 0;
  const watch = createTickWatch({
    lastTick: () => last,
    settings: () => ({ intervalMs, timeoutMs }),
    onStill: (ms) => stills.push(ms),
    clock: {
      monotonic: () => now,
      after(ms, run) {
        const timer = { at: now + ms, run };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
  });
  return {
    watch,
    stills,
    tick(): void {
      last = now;
    },
    advance(ms: number): void {
      const until = now + ms;
      for (;;) {
        const [next] = [...timers].toSorted((a, b) => a.at - b.at);
        if (next === undefined || next.at > until) break;
        timers.delete(next);
        now = next.at;
        next.run();
      }
      now = until;
    },
  };
}

test('ticks that take as long as a plugin may are no standstill', () => {
  const { watch, stills, tick, advance } = startWatch({ timeoutMs: 30_000 });
  watch.begin();
  for (let one = 0; one < 20; one++) {
    advance(30_000);
    tick();
  }
  expect(stills).toEqual([]);
});

test.each([
  ['10 s and two timeouts', { timeoutMs: 30_000 }, 70_000],
  ['ten intervals, where they are longer', { intervalMs: 60_000 }, 600_000],
])('without a tick for %s it is told once', (_, settings, limitMs) => {
  const { watch, stills, advance } = startWatch(settings);
  watch.begin();
  advance(limitMs - 1);
  expect(stills).toEqual([]);
  advance(limitMs);
  expect(stills).toEqual([limitMs]);
  watch.begin();
  advance(10 * limitMs);
  expect(stills).toHaveLength(1);
});

test('ticks that end as they should are not told, also when something fails meanwhile', () => {
  const { watch, stills, advance } = startWatch();
  watch.begin();
  advance(5_000);
  watch.stop();
  watch.begin();
  advance(600_000);
  expect(stills).toEqual([]);
});
