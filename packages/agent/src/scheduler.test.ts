import { expect, test } from 'vitest';
import { createScheduler, type Clock } from './scheduler.ts';

/** A clock that stands still until it is moved; a wall clock may also jump. */
function fakeClock(start: number) {
  const timers = new Set<{ at: number; run: () => void }>();
  let now = start;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  return {
    clock,
    timers,
    async advance(ms: number): Promise<void> {
      const until = now + ms;
      for (;;) {
        const [next] = [...timers].toSorted((a, b) => a.at - b.at);
        if (next === undefined || next.at > until) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      }
      now = until;
    },
    jump(ms: number): void {
      now += ms;
      for (const timer of timers) timer.at += ms;
    },
  };
}

function start(clock: Clock, onTick: (time: number) => Promise<void> = () => Promise.resolve()) {
  const ticks: number[] = [];
  const missed: number[] = [];
  const scheduler = createScheduler({
    intervalMs: 1000,
    clock,
    async onTick(time) {
      ticks.push(time);
      await onTick(time);
    },
    onMissed: (count) => missed.push(count),
  });
  scheduler.start();
  return { ticks, missed, scheduler };
}

test('ticks are at whole seconds of the clock, whenever the agent starts', async () => {
  const { clock, advance } = fakeClock(10_437);
  const { ticks, missed } = start(clock);
  await advance(4000);
  expect(ticks).toEqual([11_000, 12_000, 13_000, 14_000]);
  expect(missed).toEqual([]);
});

test('a tick that takes too long costs the ones it overlaps, which are counted, and no more', async () => {
  const { clock, advance } = fakeClock(10_000);
  const { ticks, missed } = start(
    clock,
    (time) => new Promise((resolve) => (time === 12_000 ? void clock.after(2500, resolve) : resolve())),
  );
  await advance(8000);
  expect(ticks).toEqual([11_000, 12_000, 15_000, 16_000, 17_000, 18_000]);
  expect(missed).toEqual([2]);
});

test('after the clock was set back no time comes twice', async () => {
  const { clock, advance, jump } = fakeClock(10_000);
  const { ticks } = start(clock);
  await advance(5000);
  jump(-3000);
  await advance(6000);
  expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
  expect(new Set(ticks).size).toBe(ticks.length);
  expect(ticks.at(-1)).toBeGreaterThan(15_000);
});

test('a clock that is set forward is followed, and the gap counted', async () => {
  const { clock, advance, jump } = fakeClock(10_000);
  const { ticks, missed } = start(clock);
  await advance(2000);
  jump(60_000);
  await advance(2000);
  expect(ticks.slice(-1)).toEqual([74_000]);
  expect(missed.reduce((sum, count) => sum + count, 0)).toBe(60);
});

test('once stopped there are no more ticks, and no timer', async () => {
  const { clock, advance, timers } = fakeClock(10_000);
  const { ticks, scheduler } = start(clock);
  await advance(1000);
  await scheduler.stop();
  await advance(5000);
  expect(ticks).toEqual([11_000]);
  expect(timers.size).toBe(0);
});
