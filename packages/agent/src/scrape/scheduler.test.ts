import { expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { createScheduler } from './scheduler.ts';

/** A clock that stands still until it is moved; a wall clock may also jump. */
function fakeClock(start: number) {
  const timers = new Set<{ at: number; run: () => void }>();
  let now = start;
  let set = 0;
  let slept = 0;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now - set - slept,
    sinceBoot: () => now - set,
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
      set += ms;
      for (const timer of timers) timer.at += ms;
    },
    /** Timers stand still. */
    sleep(ms: number): void {
      now += ms;
      slept += ms;
      for (const timer of timers) timer.at += ms;
    },
  };
}

function start(clock: Clock, onTick: (time: number) => Promise<void> = () => Promise.resolve()) {
  const ticks: number[] = [];
  const again: number[] = [];
  const missed: number[] = [];
  const jumps: string[] = [];
  const scheduler = createScheduler({
    intervalMs: 1000,
    clock,
    async onTick(tick) {
      ticks.push(tick.time);
      if (tick.again) again.push(tick.time);
      await onTick(tick.time);
    },
    onMissed: (count) => missed.push(count),
    onJump: ({ kind, byMs }) => jumps.push(`${kind} ${byMs}`),
  });
  scheduler.start();
  return { ticks, again, missed, jumps, scheduler };
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

test('after the clock was set back a little no time comes twice: ticks wait for it', async () => {
  const { clock, advance, jump } = fakeClock(10_000);
  const { ticks, again, jumps, missed } = start(clock);
  await advance(5000);
  jump(-3000);
  await advance(6000);
  expect(ticks).toEqual([11_000, 12_000, 13_000, 14_000, 15_000, 16_000, 17_000, 18_000]);
  expect([again, jumps, missed]).toEqual([[], ['back -3000'], []]);
});

test('after the clock was set back an hour times go on from there, which is said once', async () => {
  const { clock, advance, jump } = fakeClock(10_000_000);
  const { ticks, again, jumps, missed } = start(clock);
  await advance(2000);
  jump(-3_600_000);
  await advance(3000);
  expect(ticks).toEqual([10_001_000, 10_002_000, 6_403_000, 6_404_000, 6_405_000]);
  expect(again).toEqual([6_403_000]);
  expect([jumps, missed]).toEqual([['back -3600000'], []]);
});

test('a clock that is set forward is followed; nobody missed what was jumped over', async () => {
  const { clock, advance, jump } = fakeClock(10_000);
  const { ticks, missed, jumps } = start(clock);
  await advance(2000);
  jump(60_000);
  await advance(2000);
  expect(ticks).toEqual([11_000, 12_000, 73_000, 74_000]);
  expect([missed, jumps]).toEqual([[], ['forward 60000']]);
});

test('a host that slept goes on at once when it wakes', async () => {
  const { clock, advance, sleep } = fakeClock(10_000);
  const { ticks, missed, jumps } = start(clock);
  await advance(2000);
  sleep(7_200_000);
  await advance(2000);
  expect(ticks).toEqual([11_000, 12_000, 7_213_000, 7_214_000]);
  expect([missed, jumps]).toEqual([[], ['suspended 7200000']]);
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
