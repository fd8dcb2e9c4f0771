/** An isolation tree in columns, that a thread can hand on and a checkpoint is a copy of. */
import type { TreeNode } from 'ml-isolation-forest';

/** Rows of a tree, at most. */
export const treeRows = 256;
/** Trees are cut at the depth where a row is usually alone. */
const deepest = Math.log2(treeRows);
/** Nodes of a tree, the children of the one at `n` at `2 n + 1` and `2 n + 2`. */
export const nodes = 2 ** (deepest + 1) - 1;

export interface Tree {
  readonly splits: Float64Array;
  /** Column of the split plus 1; 0 of a leaf. */
  readonly columns: Uint16Array;
  /** Training rows in the node. */
  readonly rows: Uint16Array;
}

export function toTree(root: TreeNode): Tree {
  const tree = { splits: new Float64Array(nodes), columns: new Uint16Array(nodes), rows: new Uint16Array(nodes) };
  flatten(tree, root);
  return tree;
}

function flatten(tree: Tree, node: TreeNode, at = 0, depth = 0): void {
  const { left, right, splitColumn = 0, splitValue = 0 } = node;
  tree.rows[at] = rowsIn(node);
  tree.columns[at] = 0;
  if (left === undefined || right === undefined || depth === deepest) return;
  tree.columns[at] = splitColumn + 1;
  tree.splits[at] = splitValue;
  flatten(tree, left, 2 * at + 1, depth + 1);
  flatten(tree, right, 2 * at + 2, depth + 1);
}

function rowsIn({ left, right, trainingSet }: TreeNode): number {
  return left === undefined || right === undefined ? (trainingSet?.length ?? 0) : rowsIn(left) + rowsIn(right);
}
