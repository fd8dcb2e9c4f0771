import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineJobType } from '../../job-type.ts';
import { threadCpuMs } from '../../threads/thread-cpu.ts';

/** By the clock, where this Node.js can't tell more. */
const computedMs = (): number => threadCpuMs() ?? performance.now();

/** Tries the whole way of a job: for those who set up workers, budgets and limits and want to see them at work. */
export const diagnose = defineJobType({
  name: 'diagnose',
  summary: 'Computes for a while in a worker, and says what it found: whether the queue, its workers and limits work.',
  payload: z.strictObject({
    cpuMs: z.number().min(0).max(600_000).default(100).describe('CPU time to use, ms.'),
    memoryMb: z.number().min(0).max(16_384).default(1).describe('Memory to hold meanwhile, MiB.'),
  }),
  runs: 'thread',
  estimateMs: ({ cpuMs }) => cpuMs,
  async run({ cpuMs, memoryMb }, { scope, storage, signal, progress, log }) {
    log('info', 'started', { tenant: scope.tenant });
    const held = new Uint8Array(memoryMb * 1024 * 1024).fill(1);
    const began = performance.now();
    await storage.ping();
    const databaseMs = performance.now() - began;
    const steps = 10;
    for (let step = 1; step <= steps; step++) {
      signal.throwIfAborted();
      const until = computedMs() + cpuMs / steps;
      while (computedMs() < until);
      progress({ ratio: step / steps, message: `step ${step} of ${steps}` });
      await sleep(0);
    }
    return { databaseMs: Math.round(databaseMs * 100) / 100, heldBytes: held.byteLength };
  },
});
