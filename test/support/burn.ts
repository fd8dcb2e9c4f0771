import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Keeps every core busy until it is stopped, or 60 s have passed. */
export function burnCpu(): { stop(): Promise<void> } {
  const code = 'const until = Date.now() + 60_000; while (Date.now() < until) Math.sqrt(Math.random());';
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(code, { eval: true }));
  return {
    async stop() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
