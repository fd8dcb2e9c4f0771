/** The package brings no types; these are of what is used of it, as of 0.1.0. */
declare module 'ml-isolation-forest' {
  export interface TreeNode {
    /** Of an inner node: rows whose value in the column is less than the value of the split went left. */
    readonly left?: TreeNode;
    readonly right?: TreeNode;
    readonly splitColumn?: number;
    readonly splitValue?: number;
    /** Of a leaf. */
    readonly trainingSet?: readonly (readonly number[])[];
  }

  export class IsolationForest {
    constructor(options: { readonly nEstimators: number });
    readonly forest: readonly TreeNode[];
    /** Every tree is trained on all rows, by `Math.random`. */
    train(rows: readonly (readonly number[])[]): void;
    predict(rows: readonly (readonly number[])[]): number[];
  }
}
