/**
 * How Node.js is to be started for a collector: `pnpm start` and the benchmarks do so. `pnpm bench query` and
 * `pnpm bench ingest` measure what they save.
 */
export const nodeFlags: readonly string[] = [
  // What a query or a batch needs is garbage once it is answered. With room for many of them little of it is ever copied,
  // and what it holds outside of the heap goes with it, before that makes the engine mark all that is in the heap.
  '--min-semi-space-size=16',
  '--max-semi-space-size=32',
];
