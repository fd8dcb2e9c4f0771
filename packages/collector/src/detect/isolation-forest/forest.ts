/** Hot file: isolation trees in columns, that a checkpoint is a copy of. `pnpm detect:power` shows what a row costs. */
import { Arena } from '../../stats/arena.ts';
import { mostOutposts } from './outposts.ts';
import { nodes, treeRows, type Tree } from './tree.ts';

/** Steps that a search in a random tree of so many rows, outposts included, takes on average when it finds nothing. */
const meanDepths = Float64Array.from({ length: treeRows + mostOutposts + 1 }, (_, rows) => meanDepthOf(rows));

/** By harmonic numbers: the package's logarithms are too small by Euler's constant (0.63 instead of 1.67 for 3 rows). */
function meanDepthOf(rows: number): number {
  if (rows < 2) return 0;
  let harmonic = 0;
  for (let of = 1; of < rows; of++) harmonic += 1 / of;
  return 2 * harmonic - (2 * (rows - 1)) / rows;
}

export class Forest {
  static bytes(trees: number): number {
    return trees * (nodes * 8 + 2 * Arena.bytesOfCounts(nodes));
  }
  readonly #trees: readonly Tree[];
  readonly #credits: Float64Array;

  constructor(arena: Arena, trees: number, width: number) {
    this.#trees = Array.from({ length: trees }, () => ({
      splits: arena.doubles(nodes),
      columns: arena.counts(nodes),
      rows: arena.counts(nodes),
    }));
    this.#credits = new Float64Array(width);
  }

  get size(): number {
    return this.#trees.length;
  }

  plant(index: number, { splits, columns, rows }: Tree): void {
    const tree = this.#trees[index];
    tree?.splits.set(splits);
    tree?.columns.set(columns);
    tree?.rows.set(rows);
  }

  /** It changes when another is planted there. @returns undefined beyond the last */
  tree(index: number): Tree | undefined {
    return this.#trees[index];
  }

  /**
   * @param isAsked  whether a tree is asked
   * @returns 0 to 1, near 1 for what few splits set apart; NaN when no tree is asked
   */
  anomaly(row: Float64Array, isAsked: (tree: number) => boolean = () => true): number {
    let depths = 0;
    let expected = 0;
    this.#credits.fill(0);
    for (let index = 0; index < this.#trees.length; index++) {
      const tree = this.#trees[index];
      if (tree === undefined || !isAsked(index)) continue;
      const depth = depthOf(tree, row);
      depths += depth;
      expected += meanDepths[tree.rows[0] ?? 0] ?? 0;
      this.#credit(tree, row, 1 / depth);
    }
    return expected === 0 ? Number.NaN : 2 ** (-depths / expected);
  }

  /** Shares of the columns in how far the row of the last {@link Forest.anomaly} was set apart; their sum is 1, or 0. */
  contributions(into: Float64Array): void {
    let sum = 0;
    for (const each of this.#credits) sum += each;
    for (const [column, each] of this.#credits.entries()) into[column] = sum > 0 ? each / sum : 0;
  }

  /** Each split is worth the bits by which it narrows down where the row is; short paths count for more. */
  #credit({ splits, columns, rows }: Tree, row: Float64Array, weight: number): void {
    let at = 0;
    for (let column = columns[0] ?? 0; column !== 0; column = columns[at] ?? 0) {
      const child = 2 * at + ((row[column - 1] ?? 0) < (splits[at] ?? 0) ? 1 : 2);
      const bits = Math.log2((rows[at] ?? 0) / Math.max(0.5, rows[child] ?? 0));
      this.#credits[column - 1] = (this.#credits[column - 1] ?? 0) + weight * bits;
      at = child;
    }
  }
}

function depthOf({ splits, columns, rows }: Tree, row: Float64Array): number {
  let at = 0;
  let depth = 0;
  for (let column = columns[0] ?? 0; column !== 0; column = columns[at] ?? 0) {
    at = 2 * at + ((row[column - 1] ?? 0) < (splits[at] ?? 0) ? 1 : 2);
    depth++;
  }
  return depth + (meanDepths[rows[at] ?? 0] ?? 0);
}
