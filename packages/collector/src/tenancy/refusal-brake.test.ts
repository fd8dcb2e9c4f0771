import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRefusalBrake } from './refusal-brake.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const start = () => createRefusalBrake({ holdMs: 50, now: Date.now });

/** After how many ms each of so many refusals at once is told, and how many are sent away. */
async function refuse(brake: ReturnType<typeof start>, tenantId: number, count: number, requestsPerS?: number) {
  const began = Date.now();
  let sentAway = 0;
  const told: number[] = [];
  const all = Array.from({ length: count }, async () => {
    if (await brake.hold({ tenantId, requestsPerS })) sentAway++;
    told.push(Date.now() - began);
  });
  await vi.runAllTimersAsync();
  await Promise.all(all);
  return { told, sentAway };
}

test('who is refused now and then is told at once; who floods waits for it, and no other tenant does', async () => {
  const brake = start();
  expect((await refuse(brake, 1, 20)).told.every((ms) => ms === 0)).toBe(true);
  // The more wait, the longer.
  expect((await refuse(brake, 1, 5)).told).toEqual([50, 60, 70, 80, 90]);
  expect((await refuse(brake, 2, 20)).told.every((ms) => ms === 0)).toBe(true);
});

test('of a flood only so many wait, eight times as long at most: the others are sent away, for each that waits takes memory', async () => {
  const { told, sentAway } = await refuse(start(), 1, 5_000);
  expect(sentAway).toBe(5_000 - 4_020);
  expect(Math.max(...told)).toBe(400);
});

test('and of the floods of many tenants only so many in all', async () => {
  const brake = start();
  const sentAway = await Promise.all([1, 2, 3, 4].map(async (tenant) => (await refuse(brake, tenant, 4_000)).sentAway));
  expect(sentAway).toEqual([0, 0, 0, 3_980 - 60]);
});

test('who goes on asking for what it is refused floods, as long as it does', async () => {
  const brake = start();
  await refuse(brake, 1, 20);
  expect(brake.floods(1)).toBe(false);
  const refused = brake.hold({ tenantId: 1, requestsPerS: undefined });
  expect([brake.floods(1), brake.floods(2)]).toEqual([true, false]);
  await vi.runAllTimersAsync();
  await refused;
  vi.setSystemTime(1_000);
  expect(brake.floods(1)).toBe(false);
});

test('who may much is not taken for a flood before it asks for twice of it', async () => {
  const brake = start();
  await refuse(brake, 1, 100, 100);
  expect(brake.floods(1)).toBe(false);
  const refused = brake.hold({ tenantId: 1, requestsPerS: 100 });
  expect(brake.floods(1)).toBe(true);
  await vi.runAllTimersAsync();
  await refused;
});

test('the next second begins anew', async () => {
  const brake = start();
  await refuse(brake, 1, 30);
  vi.setSystemTime(1_000);
  expect((await refuse(brake, 1, 20)).told.every((ms) => ms === 0)).toBe(true);
});

test('a collector that stops lets go of all that wait', async () => {
  const brake = start();
  const all = Promise.all(Array.from({ length: 100 }, () => brake.hold({ tenantId: 1, requestsPerS: 20 })));
  brake.release();
  await all;
  expect(await brake.hold({ tenantId: 1, requestsPerS: 20 })).toBe(false);
  expect(Date.now()).toBe(0);
});
