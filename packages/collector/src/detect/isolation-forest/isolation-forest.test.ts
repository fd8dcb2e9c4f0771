import { IsolationForest } from 'ml-isolation-forest';
import { describe, expect, test, vi } from 'vitest';
import { Arena } from '../../stats/arena.ts';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import type { HostDetector } from '../detector.ts';
import { quietSeries } from '../quiet.ts';
import { createNoise, take, timeOfStep } from '../testing.ts';
import { Forest } from './forest.ts';
import { isolationForest } from './isolation-forest.ts';
import { trainTree } from './train-tree.ts';
import { trainTrees } from './train-trees.ts';
import { createTreeThread } from './tree-thread.ts';
import type { TreeTrainer } from './tree-trainer.ts';
import { toTree } from './tree.ts';

function createRandom(seed: number): () => number {
  let state = seed;
  return () => randomOf((state = nextRandomState(state)));
}

/** Two channels that move together, and two that do not. */
function createRows(seed: number): () => Float64Array {
  const noise = createNoise(seed);
  return () => {
    const load = noise();
    return Float64Array.of(50 + 10 * load, 5 + load + 0.1 * noise(), noise(), 100 + 3 * noise());
  };
}

const training = 400;

describe('a forest', () => {
  const rows = take(256, createRows(1));
  const plain = rows.map((row) => Array.from(row));

  test('of the same seed is the same, and leaves Math.random as it was', () => {
    const { random } = Math;
    expect(trainTree(plain, createRandom(3))).toEqual(trainTree(plain, createRandom(3)));
    expect(trainTree(plain, createRandom(3))).not.toEqual(trainTree(plain, createRandom(4)));
    expect(Math.random).toBe(random);
    expect(() => trainTree([[1], [1, 2]], () => Number.NaN)).not.toThrow();
    expect(Math.random).toBe(random);
  });

  test('ranks rows as the package does', () => {
    const trees = 100;
    const random = createRandom(5);
    const forest = new Forest(new Arena(Forest.bytes(trees)), trees, 4);
    for (let tree = 0; tree < trees; tree++) forest.plant(tree, toTree(trainTree(plain, random)));
    const packaged = new IsolationForest({ nEstimators: trees });
    packaged.train(plain);
    const asked = take(300, createRows(2));
    const ours = asked.map((row) => forest.anomaly(row));
    const theirs = packaged.predict(asked.map((row) => Array.from(row)));
    expect(correlation(ours, theirs)).toBeGreaterThan(0.95);
    expect(Math.min(...ours)).toBeGreaterThan(0.3);
    expect(Math.max(...ours)).toBeLessThan(0.9);
  });
});

function correlation(one: readonly number[], other: readonly number[]): number {
  const centred = (values: readonly number[]): number[] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const product = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  const [a, b] = [centred(one), centred(other)];
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

function trained(seed = 1) {
  const detector = isolationForest.create({ seed, width: 4, training });
  const next = createRows(seed);
  let step = 0;
  const push = (row: Float64Array): number => detector.push(timeOfStep(step++), row);
  const quiet = take(1500, next).map(push);
  return { detector, push, next, quiet };
}

test.each([0, 1, 2, 3])(
  'a row that is odd in channel %d alone is an alarm at once, and tells the channel',
  (channel) => {
    const { detector, push, next } = trained();
    const row = next();
    row[channel] = (row[channel] ?? 0) + 120;
    expect(push(row)).toBeGreaterThan(2);
    expect(detector.contributions.indexOf(Math.max(...detector.contributions))).toBe(channel);
  },
);

test('a fault that lasts is found though none of its values is beyond what was seen', () => {
  const most = [1, 2, 3, 4, 5].map((seed) => {
    const { push } = trained(seed);
    const noise = createNoise(9 + seed);
    // The first two channels move against each other.
    return Math.max(
      ...take(60, () => push(Float64Array.of(68 + noise(), 3.2 + 0.1 * noise(), noise(), 100 + 3 * noise()))),
    );
  });
  expect(most.filter((surprise) => surprise >= 2).length, most.join(' ')).toBeGreaterThanOrEqual(4);
});

test('rows that are odd in training are told from the first row after it', () => {
  const detector = isolationForest.create({ seed: 1, width: 4, training });
  const next = createRows(1);
  for (let step = 0; step < training; step++) detector.push(timeOfStep(step), next());
  expect(detector.push(timeOfStep(training), Float64Array.of(300, -40, 50, 0))).toBeGreaterThan(2);
});

test('a channel that never moved is watched too', () => {
  const detector = isolationForest.create({ seed: 1, width: 2, training });
  const noise = createNoise(1);
  for (let step = 0; step < 1500; step++) detector.push(timeOfStep(step), Float64Array.of(noise(), 7));
  expect(detector.push(timeOfStep(1500), Float64Array.of(0, 8))).toBeGreaterThan(2);
  expect(detector.contributions[1]).toBeGreaterThan(0.5);
});

test('a channel without a value says nothing', () => {
  const { detector, push, next } = trained();
  const row = next();
  row[1] = Number.NaN;
  expect(push(row)).toBeLessThan(2);
  expect(push(Float64Array.of(170, Number.NaN, Number.NaN, Number.NaN))).toBeGreaterThan(1.7);
  expect(detector.contributions.indexOf(Math.max(...detector.contributions))).toBe(0);
});

test.each(Object.entries(quietSeries))('rows of %s noise are as rarely odd as their scores say', (_, quiet) => {
  const judged = [21, 22].flatMap((seed) => {
    const channels = [0, 1, 2, 3].map((channel) => quiet(10 * seed + channel));
    const detector = isolationForest.create({ seed, width: 4, training });
    const rows = take(4500, () => Float64Array.from(channels, (next) => next()));
    return rows.map((row, step) => detector.push(timeOfStep(step), row)).slice(1000);
  });
  const timesAsMany = (least: number): number =>
    judged.filter((surprise) => surprise >= least).length / judged.length / 10 ** -least;
  expect(timesAsMany(1)).toBeGreaterThan(0.4);
  expect(timesAsMany(1)).toBeLessThan(1.8);
  expect(timesAsMany(2)).toBeLessThan(2.5);
  // Seven of 7,000 are due, in clusters.
  expect(timesAsMany(3)).toBeLessThan(4);
});

describe('in the background', () => {
  const rows = take(1200, createRows(3)).map((row, step) => [timeOfStep(step), row] as const);
  /** Lets what other threads have told be heard. */
  const heard = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const judgeAll = async (detector: HostDetector, list: typeof rows, pause: () => Promise<void>): Promise<number[]> => {
    const judged: number[] = [];
    for (const [time, row] of list) {
      judged.push(detector.push(time, row));
      await pause();
    }
    return judged;
  };
  const create = (trainer: TreeTrainer) => isolationForest.create({ seed: 1, width: 4, training, trainer });
  const atOnce: TreeTrainer = { train: async (task) => trainTrees(task) };

  test('what a thread trains is what would be trained here, and no row waits for it', async () => {
    const thread = createTreeThread((error) => {
      throw error;
    });
    const trained: number[] = [];
    const watched: TreeTrainer = {
      async train(task) {
        const result = await thread.train(task);
        trained.push(result.trees.length);
        return result;
      },
    };
    let asked = 0;
    // Rows come each ten seconds: here the thread is given the time that it takes.
    const patient = async (): Promise<void> => {
      if (++asked >= training && asked % 16 === 0) {
        const due = Math.floor((asked - 16) / 64) - 5;
        await vi.waitFor(() => expect(trained.length).toBeGreaterThanOrEqual(due), { timeout: 30_000 });
      }
      await heard();
    };
    const inThread = await judgeAll(create(watched), rows, patient);
    const here = await judgeAll(create(atOnce), rows, heard);
    await thread.stop();
    expect(inThread).toEqual(here);
    expect(trained[0]).toBe(100);
    expect(trained.length).toBeGreaterThan(10);
    expect(here.findIndex((surprise) => !Number.isNaN(surprise))).toBe(training + 32);
  });

  test('a checkpoint goes on bit for bit while trees are on their way', async () => {
    // The first trees are asked for at row 400, others at 448 and 512.
    for (const stop of [401, 449, 520]) {
      const first = create(atOnce);
      for (const [time, row] of rows.slice(0, stop)) first.push(time, row);
      const second = create(atOnce);
      second.restore(first.checkpoint());
      const rest = rows.slice(stop);
      expect(await judgeAll(second, rest, heard)).toEqual(await judgeAll(first, rest, heard));
    }
  });

  test('trees that can not be trained elsewhere are trained here', async () => {
    const unable: TreeTrainer = { train: () => Promise.reject(new Error('no threads')) };
    expect(await judgeAll(create(unable), rows, heard)).toEqual(await judgeAll(create(atOnce), rows, heard));
  });

  test('a thread that is stopped tells whoever waits, and another is started for the next', async () => {
    const thread = createTreeThread(() => {});
    const task = { rows: Float64Array.from(rows.flatMap(([, row]) => [...row])), width: 4, trees: 5, seed: 7 };
    const refused = expect(thread.train(task)).rejects.toThrow('stopped');
    await thread.stop();
    await refused;
    expect(await thread.train(task)).toEqual(trainTrees(task));
    await thread.stop();
  });
});
