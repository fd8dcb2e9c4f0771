import { setImmediate as turn } from 'node:timers/promises';
import { TarsierError } from '@tarsier/protocol';
import { expect, test } from 'vitest';
import { createIntake, type IntakeLimits, type TryRead } from './intake.ts';

/** Batches of tenants that are done with when the test says so. */
function start(limits: Partial<IntakeLimits>, tryRead?: TryRead) {
  const time = { ms: 0 };
  const intake = createIntake(limits, () => time.ms, tryRead);
  const begun: { readonly tenantId: number; readonly read: () => void; readonly done: () => void }[] = [];
  const refused: { readonly tenantId: number; readonly code: string; readonly afterMs: number }[] = [];
  let reads = 0;
  return {
    time,
    refused,
    release: (code: string) => intake.release(new TarsierError(code, 'the collector stops')),
    /** Tenants whose batches are worked on, in the order in which they began. */
    begun: () => begun.map(({ tenantId }) => tenantId),
    send(tenantId: number, signal?: AbortSignal): void {
      intake.enter(tenantId, signal).then(
        ({ read, leave }) => {
          if (tryRead === undefined) read();
          begun.push({ tenantId, read, done: leave });
        },
        (error: { readonly code: string; readonly retryAfterMs: number }) =>
          refused.push({ tenantId, code: error.code, afterMs: error.retryAfterMs }),
      );
    },
    readNext(): void {
      begun[reads++]?.read();
    },
    async finishAll(): Promise<void> {
      await turn();
      for (let at = 0; at < begun.length; at++) {
        begun[at]?.done();
        await turn();
      }
    },
  };
}

test('a tenant that sends far more than there is time for waits behind itself, and others take their turns', async () => {
  const { send, begun, finishAll, refused } = start({ atOnce: 4 });
  for (let batch = 0; batch < 100; batch++) send(1);
  for (const tenantId of [2, 3]) send(tenantId);
  send(2);
  await turn();
  // What it has begun may last as long as it will: there is room for the others.
  expect(begun()).toEqual([1, 1, 2, 3]);
  await finishAll();
  expect(begun().slice(0, 7)).toContain(2);
  expect(begun().lastIndexOf(2)).toBeLessThan(10);
  expect([begun().length, refused]).toEqual([103, []]);
});

test('where so few may be read at once the next one is begun when one is read, and not only when it is stored', async () => {
  let free = 2;
  const { send, begun, readNext, refused } = start({}, (_, onFree) => {
    if (free === 0) return undefined;
    free--;
    return () => {
      free++;
      onFree();
    };
  });
  for (let batch = 0; batch < 100; batch++) send(1);
  await turn();
  expect(begun().length).toBe(2);
  readNext();
  await turn();
  expect(begun().length).toBe(3);
  for (let batch = 0; batch < 97; batch++) {
    readNext();
    await turn();
  }
  expect([begun().length, refused]).toEqual([100, []]);
});

test('of too many that wait those of the tenant with the most are refused, and are told when to come again', async () => {
  const { send, begun, finishAll, refused } = start({ atOnce: 1, mostWaiting: 100 });
  for (let batch = 0; batch < 1_000; batch++) send(1);
  for (let batch = 0; batch < 10; batch++) send(2);
  await turn();
  expect(new Set(refused.map(({ tenantId, code }) => `${tenantId} ${code}`))).toEqual(new Set(['1 ingest/busy']));
  expect(refused.length).toBeGreaterThanOrEqual(900);
  expect(Math.min(...refused.map(({ afterMs }) => afterMs))).toBeGreaterThanOrEqual(10_000);
  await finishAll();
  expect(begun().filter((tenantId) => tenantId === 2)).toHaveLength(10);
  // And it takes as much as ever.
  send(1);
  await turn();
  expect(begun().at(-1)).toBe(1);
});

test('one whose turn does not come in time is refused; one whose client is gone is not worked for', async () => {
  const { send, begun, refused, time, finishAll } = start({ atOnce: 1, waitMs: 1_000 });
  const gone = new AbortController();
  send(1);
  await turn();
  send(1, gone.signal);
  send(1);
  gone.abort();
  await turn();
  time.ms = 500;
  send(2);
  time.ms = 1_001;
  await expect.poll(() => refused.map(({ tenantId }) => tenantId)).toEqual([1, 1]);
  await finishAll();
  expect(begun()).toEqual([1, 2]);
});

test('the request of a client that is gone ends when its turn comes: a collector that stops waits for all of them', async () => {
  const { send, begun, refused, finishAll } = start({ atOnce: 1 });
  const gone = new AbortController();
  send(1);
  send(2, gone.signal);
  gone.abort();
  await finishAll();
  expect(begun()).toEqual([1]);
  expect(refused).toHaveLength(1);
});

test('of a collector that stops nobody waits any more: what is begun is done with, all else is refused', async () => {
  const { send, begun, refused, finishAll, release } = start({ atOnce: 2 });
  for (let batch = 0; batch < 10; batch++) for (const tenantId of [1, 2]) send(tenantId);
  await turn();
  const working = begun();
  release('http/stopping');
  send(3);
  await turn();
  expect(refused.map(({ code }) => code)).toEqual(Array.from({ length: 21 - working.length }, () => 'http/stopping'));
  await finishAll();
  expect(begun()).toEqual(working);
});

test('where more come than are done, those that are let in are done in time, and the others are told at once', async () => {
  const time = { ms: 0 };
  const intake = createIntake({}, () => time.ms);
  const begun: { readonly tenantId: number; readonly sentAt: number; readonly done: () => void }[] = [];
  const refused: { readonly tenantId: number; readonly waitedMs: number; readonly afterMs: number }[] = [];
  const tookMs: number[] = [];
  const send = (tenantId: number, sentAt: number): void =>
    void intake.enter(tenantId).then(
      ({ read, leave }) => {
        read();
        begun.push({ tenantId, sentAt, done: leave });
      },
      ({ retryAfterMs: afterMs }: { readonly retryAfterMs: number }) =>
        refused.push({ tenantId, waitedMs: time.ms - sentAt, afterMs }),
    );
  // For a minute 40 are done in a second, and 200 come: 10 of them of the second tenant.
  for (let tick = 0; tick < 60 * 40; tick++) {
    time.ms = tick * 25;
    for (let batch = 0; batch < 5; batch++) send(batch === 0 && tick % 4 === 0 ? 2 : 1, time.ms);
    await turn();
    const one = begun[tick];
    one?.done();
    if (one !== undefined) tookMs.push(time.ms - one.sentAt);
  }
  expect(tookMs).toHaveLength(60 * 40);
  // Agents wait 15 s. What came before the pace was known, 200 or so, waits longer or in vain.
  expect(tookMs.slice(500).filter((ms) => ms > 12_000)).toEqual([]);
  expect(refused.filter(({ tenantId }) => tenantId === 2)).toEqual([]);
  expect(refused.filter(({ waitedMs }) => waitedMs === 0).length).toBeGreaterThan(8_000);
  expect(Math.min(...refused.map(({ afterMs }) => afterMs))).toBeGreaterThanOrEqual(8_000);
});

test('bodies that never end say nothing of how fast others are worked on, and keep nobody out', async () => {
  const time = { ms: 0 };
  const intake = createIntake({}, () => time.ms);
  const [held, refused] = [[] as number[], [] as number[]];
  // As many as one tenant may have, and one that waits.
  for (let batch = 0; batch < 257; batch++) {
    void intake.enter(1).then(
      () => held.push(batch),
      () => {},
    );
  }
  await turn();
  expect(held).toHaveLength(256);
  for (let batch = 0; batch < 100; batch++) {
    time.ms += 250;
    await intake.enter(2).then(
      ({ read, leave }) => {
        read();
        leave();
      },
      () => refused.push(batch),
    );
  }
  expect(refused).toEqual([]);
});
