/** What a Node process tells of its runtime: one line of JSON to whoever connects to its socket. */
import { z } from 'zod';

const amount = z.number().min(0);
const amounts = z.record(z.string().max(60), amount);

export const reportSchema = z.object({
  app: z.string().min(1).max(100),
  version: z.string().max(40),
  startedAt: z.number(),
  uptimeSeconds: amount,
  cpuSeconds: z.object({ user: amount, system: amount }),
  memoryBytes: z.object({
    resident: amount,
    heapUsed: amount,
    heapTotal: amount,
    heapLimit: amount,
    external: amount,
    arrayBuffers: amount,
  }),
  eventLoop: z.object({
    /** Since the report before; absent when there is none. */
    delaySeconds: z.object({ mean: amount, p50: amount, p99: amount, max: amount }).optional(),
    activeSeconds: amount,
    idleSeconds: amount,
  }),
  /** By kind: minor, major, incremental, weak. */
  gc: z.object({ runs: amounts, seconds: amounts }),
  /** What keeps the event loop alive, by type. */
  resources: amounts,
});

export type RuntimeReport = z.infer<typeof reportSchema>;
