import { expect, test } from 'vitest';
import { createRefusalBrake } from './refusal-brake.ts';

/** Which of so many refusals at once are held. */
function refuse(brake: ReturnType<typeof createRefusalBrake>, tenantId: number, count: number): Promise<unknown[]> {
  return Promise.all(
    Array.from({ length: count }, () => {
      let isHeld = false;
      const answered = brake.hold(tenantId).then(() => isHeld);
      setImmediate(() => (isHeld = true));
      return answered;
    }),
  );
}

test('who is refused now and then is told at once; who floods waits for it, and no other tenant does', async () => {
  const brake = createRefusalBrake({ holdMs: 50, now: () => 0 });
  expect(await refuse(brake, 1, 20)).not.toContain(true);
  expect(await refuse(brake, 1, 5)).toEqual([true, true, true, true, true]);
  expect(await refuse(brake, 2, 20)).not.toContain(true);
});

test('of a flood only so many wait: the others are told at once, for each that waits takes memory', async () => {
  const brake = createRefusalBrake({ holdMs: 50, now: () => 0 });
  const held = await refuse(brake, 1, 2_000);
  expect(held.filter((one) => one === true)).toHaveLength(500);
});

test('the next second begins anew', async () => {
  let time = 0;
  const brake = createRefusalBrake({ holdMs: 50, now: () => time });
  await refuse(brake, 1, 30);
  time += 1_000;
  expect(await refuse(brake, 1, 20)).not.toContain(true);
});
