/** Trees from rows of the past: all that takes long in an isolation forest, as a function that any thread can run. */
import { Arena } from '../../stats/arena.ts';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import { Forest } from './forest.ts';
import { outposts } from './outposts.ts';
import { trainTree } from './train-tree.ts';
import { toTree, treeRows, type Tree } from './tree.ts';

/** A tree leaves out so large a part of the rows that there are, at least: those tell how odd quiet rows look. */
const leftOut = 1 / 3;

export interface TrainingTask {
  /** One after the other; finite. */
  readonly rows: Float64Array;
  /** Numbers of a row. */
  readonly width: number;
  /** How many are wanted. */
  readonly trees: number;
  /** Decides all that is random. */
  readonly seed: number;
}

export interface TrainedTrees {
  /** None where there are fewer than two rows. */
  readonly trees: readonly Tree[];
  /** How each row looks to the trees that were not trained on it; NaN where there is none. */
  readonly anomalies: Float64Array;
}

/** The same of the same task, in whichever thread. */
export function trainTrees({ rows, width, trees: wanted, seed }: TrainingTask): TrainedTrees {
  let state = seed >>> 0;
  const random = (): number => randomOf((state = nextRandomState(state)));
  const count = rows.length / width;
  const list = Array.from({ length: count }, (_, row) => Array.from(rows.subarray(row * width, (row + 1) * width)));
  const most = Math.min(treeRows, Math.max(2, Math.floor(count * (1 - leftOut))));
  if (count < 2) return { trees: [], anomalies: new Float64Array(count).fill(Number.NaN) };
  const forest = new Forest(new Arena(Forest.bytes(wanted)), wanted, width);
  const knownTo: Set<number>[] = [];
  const trees = Array.from({ length: wanted }, (_, index) => {
    const drawn = draw(count, most, random);
    knownTo.push(new Set(drawn));
    const own = drawn.map((row) => list[row] ?? []);
    const tree = toTree(trainTree([...own, ...outposts(own, random)], random));
    forest.plant(index, tree);
    return tree;
  });
  const anomalies = Float64Array.from(list, (row, at) =>
    forest.anomaly(Float64Array.from(row), (tree) => knownTo[tree]?.has(at) !== true),
  );
  return { trees, anomalies };
}

/** @returns different rows of so many, by their indices */
function draw(of: number, count: number, random: () => number): number[] {
  const indices = Array.from({ length: of }, (_, index) => index);
  const drawn = Math.min(count, of);
  for (let at = 0; at < drawn; at++) {
    const other = at + Math.floor(random() * (of - at));
    [indices[at], indices[other]] = [indices[other] ?? 0, indices[at] ?? 0];
  }
  return indices.slice(0, drawn);
}
