import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTurns } from './turns.ts';

beforeEach(() => void vi.useFakeTimers({ now: 10_000 }));
afterEach(() => void vi.useRealTimers());

function start({ flooding = 0 } = {}) {
  const turns = createTurns({ now: Date.now, floods: (tenantId) => tenantId === flooding });
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const refused: string[] = [];
  const ask = (tenantId: number): void =>
    void turns.take(tenantId).then(
      (end) => {
        begun.push(tenantId);
        ends.push(end);
      },
      (error: Error) => refused.push(error.message),
    );
  const settled = () => vi.advanceTimersByTimeAsync(0);
  return { turns, begun, ends, refused, ask, settled, release: () => turns.release(new Error('the collector stops')) };
}

test('of a hundred at once of one tenant a few are begun, the others as those end; another tenant does not wait', async () => {
  const { begun, ends, ask, settled } = start();
  ask(2);
  for (let index = 0; index < 100; index++) ask(1);
  await settled();
  expect(begun).toEqual([2, 1, 1, 1, 1]);
  ask(2);
  await settled();
  expect(begun).toEqual([2, 1, 1, 1, 1, 2]);
  ends[1]?.();
  ends[1]?.();
  await settled();
  expect(begun).toHaveLength(7);
});

test('what takes long holds up no others of its tenant', async () => {
  const { begun, ask, settled } = start();
  ask(2);
  for (let index = 0; index < 12; index++) ask(1);
  await settled();
  expect(begun).toHaveLength(5);
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toHaveLength(9);
});

test('who is alone waits for nobody', async () => {
  const { begun, ends, ask, settled } = start();
  ask(2);
  await settled();
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(1_000);
  for (let index = 0; index < 100; index++) ask(1);
  await settled();
  expect(begun).toHaveLength(101);
});

test('of one that asks far more than it may one is begun at a time', async () => {
  const { begun, ends, ask, settled } = start({ flooding: 1 });
  ask(2);
  for (let index = 0; index < 100; index++) ask(1);
  await settled();
  expect(begun).toEqual([2, 1]);
  ends[1]?.();
  await settled();
  expect(begun).toEqual([2, 1, 1]);
});

test('those that wait are begun together once the other tenant has left', async () => {
  const { begun, ends, ask, settled } = start();
  ask(2);
  for (let index = 0; index < 100; index++) ask(1);
  await settled();
  ends[0]?.();
  vi.setSystemTime(Date.now() + 1_000);
  ends[1]?.();
  await settled();
  expect(begun).toHaveLength(101);
});

test('who is gone when its turn comes is refused, and the next one is begun', async () => {
  const { turns, begun, ends, refused, ask, settled } = start();
  ask(2);
  for (let index = 0; index < 4; index++) ask(1);
  let isGone = false;
  void turns.take(1, () => isGone).catch((error: Error) => refused.push(error.message));
  ask(1);
  await settled();
  isGone = true;
  ends[1]?.();
  await settled();
  expect([begun.length, refused]).toEqual([6, ['the client did not wait for its turn']]);
});

test('one that waits elsewhere is told when it may try, and does not while others of its tenant are begun', () => {
  const { turns, ask } = start();
  ask(2);
  let free = 0;
  const ended = Array.from({ length: 4 }, () => turns.tryTake(1, () => free++));
  expect(turns.tryTake(1, () => free++)).toBeUndefined();
  ended[0]?.();
  ended[0]?.();
  expect(free).toBe(1);
  expect(turns.tryTake(1, () => free++)).toBeDefined();
});

test('those that wait here do not keep those that wait elsewhere from their turns', async () => {
  const { turns, begun, ends, ask, settled } = start();
  ask(2);
  for (let index = 0; index < 100; index++) ask(1);
  await settled();
  let tried = 0;
  const tryAgain = (): void => {
    if (turns.tryTake(1, tryAgain) !== undefined) tried++;
  };
  tryAgain();
  for (const end of ends.slice(1, 5)) end();
  await settled();
  expect([tried, begun.length]).toEqual([1, 8]);
});

test('once the collector stops nobody waits', async () => {
  const { begun, refused, ask, settled, release } = start();
  ask(2);
  for (let index = 0; index < 100; index++) ask(1);
  await settled();
  release();
  await settled();
  expect([begun.length, refused.length]).toEqual([5, 96]);
});
