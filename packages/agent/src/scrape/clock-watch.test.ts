import { expect, test } from 'vitest';
import { watchClock } from './clock-watch.ts';

/** A wall clock, a monotonic one and one that goes on in suspension, each moved by hand. */
function hands() {
  const at = { wall: 1_000_000, monotonic: 50, boot: 70 };
  const watch = watchClock({
    now: () => at.wall,
    monotonic: () => at.monotonic,
    sinceBoot: () => at.boot,
    after: () => () => {},
  });
  return {
    watch,
    move(by: { wall?: number; monotonic?: number; boot?: number }): void {
      at.wall += by.wall ?? 0;
      at.monotonic += by.monotonic ?? 0;
      at.boot += by.boot ?? 0;
    },
  };
}

test('a clock that goes as time does has not jumped, nor has one that is slewed for an hour', () => {
  const { watch, move } = hands();
  for (let second = 0; second < 3_600; second++) {
    move({ wall: 1000.5, monotonic: 1000, boot: 1000 });
    expect(watch.check()).toBe(undefined);
  }
});

test('steps and sleep are told apart, each once', () => {
  const { watch, move } = hands();
  const jumps = [
    { wall: 1000 + 130, monotonic: 1000, boot: 1000 },
    { wall: 1000 - 3_600_000, monotonic: 1000, boot: 1000 },
    { wall: 60_000, monotonic: 200, boot: 60_000 },
    { wall: 1000, monotonic: 1000, boot: 1000 },
    // Set back while it slept.
    { wall: -10_000, monotonic: 200, boot: 60_000 },
  ].map((by) => {
    move(by);
    return watch.check();
  });
  expect(jumps).toEqual([
    { kind: 'forward', byMs: 130 },
    { kind: 'back', byMs: -3_600_000 },
    { kind: 'suspended', byMs: 59_800 },
    undefined,
    { kind: 'back', byMs: -10_200 },
  ]);
});

test('a program that is held up between two looks at the clock sees no jump', () => {
  let monotonic = 0;
  const watch = watchClock({
    now: () => 1_000_000 + monotonic,
    // Each look takes half a second.
    monotonic: () => (monotonic += 500),
    sinceBoot: () => monotonic,
    after: () => () => {},
  });
  for (let look = 0; look < 5; look++) expect(watch.check()).toBe(undefined);
});
