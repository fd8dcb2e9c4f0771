/** Loaded into the collector by `--import`: at SIGUSR2 it collects garbage and writes what is left, in bytes, to a file. */
import { writeFileSync } from 'node:fs';

const file = process.env['TARSIER_BENCH_MEMORY'] ?? '';
process.on('SIGUSR2', () => {
  // Twice: what the first makes free of outside of the heap, the second counts.
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  writeFileSync(file, JSON.stringify({ rss, held: heapUsed + external }));
});
