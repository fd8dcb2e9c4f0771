import { IsolationForest, type TreeNode } from 'ml-isolation-forest';

/**
 * One isolation tree (Liu, Ting & Zhou 2008, doi:10.1109/ICDM.2008.17). The package trains each tree of a forest on all
 * rows, so that the forest here is one of forests of one tree, each with rows of its own.
 *
 * @param rows  at least 2, of the same length, finite
 * @param random  0 <= number < 1; decides all that is random
 */
export function trainTree(rows: readonly (readonly number[])[], random: () => number): TreeNode {
  const forest = new IsolationForest({ nEstimators: 1 });
  withRandom(random, () => forest.train(rows));
  const [tree] = forest.forest;
  if (tree === undefined) throw new Error('ml-isolation-forest: expected one tree, got none');
  return tree;
}

/**
 * The package takes its chance from `Math.random` and from nowhere else. What runs is synchronous and calls nothing of
 * ours, so that nobody else can see the replacement; other threads have a `Math` of their own.
 */
function withRandom(random: () => number, run: () => void): void {
  const { random: usual } = Math;
  Math.random = random;
  try {
    run();
  } finally {
    Math.random = usual;
  }
}
