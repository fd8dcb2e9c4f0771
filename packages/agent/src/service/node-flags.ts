/**
 * How Node.js is to be started for the agent: its program, its service and its benchmark do so. `pnpm bench agent` measures
 * what they save.
 */
export const nodeFlags: readonly string[] = [
  // Garbage collection of young objects in small steps: 16 MiB less for as much CPU.
  '--max-semi-space-size=1',
  // An agent that needs more leaks; its service begins it anew, and the spool loses nothing.
  '--max-old-space-size=128',
  // No threads for the compiler and the garbage collector.
  '--single-threaded',
  // No optimizing compilers: what runs once a second hardly gains by them, and they take 7 MiB.
  '--no-opt',
  '--no-maglev',
  // Without the snapshot of its start, Node.js takes 5 MiB less and 70 ms more, once.
  '--no-node-snapshot',
  // Memory is given back once after the start, which needs more of it than all that follows.
  '--expose-gc',
];

/** One arena for all threads: fragments of several would stay behind. */
export const nodeEnvironment = { MALLOC_ARENA_MAX: '1' } as const;
