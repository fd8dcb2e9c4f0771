import { expect, test } from 'vitest';
import { Arena } from './arena.ts';
import { nextRandomState, randomOf } from './random.ts';
import { TailCalibration } from './tail-calibration.ts';

/** Surprises as they are when they are right: of each power of ten a tenth as many. */
function createExact(seed: number): () => number {
  let state = seed;
  return () => -Math.log10(1 - randomOf((state = nextRandomState(state))));
}

const create = (alike = 1, after = 0): TailCalibration =>
  new TailCalibration(new Arena(TailCalibration.bytes), alike, after);

/** @returns how many times as many surprises are at least so large as there should be, once much is known */
function timesAsMany(distort: (exact: number) => number): Record<number, number> {
  const counts = { judged: 0, 1: 0, 2: 0, 3: 0 };
  for (const seed of [1, 2, 3, 4]) {
    const calibration = create();
    const exact = createExact(seed);
    for (let step = 0; step < 30_000; step++) {
      const surprise = calibration.push(distort(exact()));
      if (step < 5_000) continue;
      counts.judged++;
      for (const least of [1, 2, 3] as const) counts[least] += Number(surprise >= least);
    }
  }
  return Object.fromEntries(([1, 2, 3] as const).map((least) => [least, counts[least] / counts.judged / 10 ** -least]));
}

test('at first what is said is what was said', () => {
  for (const surprise of [0, 0.4, 1, 1.7, 2, 3.3, 12]) expect(create().push(surprise)).toBeCloseTo(surprise);
  expect(create().push(Number.NaN)).toBeNaN();
});

test.each([
  { name: 'are right', distort: (exact: number) => exact },
  { name: 'are too small', distort: (exact: number) => 0.75 * exact },
  { name: 'are too large', distort: (exact: number) => 1.35 * exact },
  { name: 'are far too large in the tail alone', distort: (exact: number) => Math.max(exact, 2 * exact - 1) },
])('surprises that $name come to be as rare as they say', ({ distort }) => {
  const found = timesAsMany(distort);
  for (const least of [1, 2]) {
    expect(found[least]).toBeGreaterThan(0.8);
    expect(found[least]).toBeLessThan(1.5);
  }
  expect(found[3]).toBeGreaterThan(0.5);
  expect(found[3]).toBeLessThan(2.5);
});

test('a fault that lasts teaches little, and for so many steps nothing is learnt at all', () => {
  const [calibration, trusting] = [create(), create(1, 4_000)];
  const exact = createExact(5);
  for (let step = 0; step < 3_000; step++) {
    const surprise = exact();
    calibration.push(surprise);
    trusting.push(surprise);
  }
  for (let step = 0; step < 500; step++) {
    calibration.push(9);
    trusting.push(9);
  }
  expect(calibration.push(9)).toBeGreaterThan(5);
  expect(trusting.push(9)).toBe(9);
});

test('it goes on bit for bit from a checkpoint', () => {
  const [one, other] = [new Arena(TailCalibration.bytes), new Arena(TailCalibration.bytes)];
  const [first, second] = [new TailCalibration(one, 2), new TailCalibration(other, 2)];
  const exact = createExact(6);
  for (let step = 0; step < 1_000; step++) first.push(exact());
  other.restore(one.checkpoint());
  for (let step = 0; step < 200; step++) {
    const surprise = exact();
    expect(second.push(surprise)).toBe(first.push(surprise));
  }
});
