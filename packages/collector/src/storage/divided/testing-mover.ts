/** Moves a tenant, and is killed at a point on the way: `node testing-mover.ts '{…}'`. */
import { z } from 'zod';
import { createTenantMoves } from './move.ts';

const { databases, tenant, to, at, clearAfterMs, noticeMs } = z
  .object({
    databases: z.record(z.string(), z.string()),
    tenant: z.string(),
    to: z.string(),
    at: z.string(),
    clearAfterMs: z.number(),
    noticeMs: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));
const connections = new Map(Object.entries(databases).map(([name, url]) => [name, { url }]));
await createTenantMoves(connections).move(tenant, to, {
  clearAfterMs,
  noticeMs,
  onPoint(point) {
    if (point === at) process.kill(process.pid, 'SIGKILL');
  },
});
