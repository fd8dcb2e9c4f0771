import { startPrometheusServer, startVictoriaMetrics } from './peers.ts';
import type { BenchServer } from './server.ts';
import { startTarsier } from './tarsier.ts';

/** Starts each server that is measured. Undefined where it is not installed. */
export type BenchServers = Readonly<Record<string, () => Promise<BenchServer | undefined>>>;

const nodeFlags = process.env['BENCH_NODE_FLAGS']?.split(' ') ?? [];
const servers: BenchServers = {
  tarsier: () => startTarsier(nodeFlags),
  victoria: startVictoriaMetrics,
  prometheus: startPrometheusServer,
};

/** @param only  one of them; all where it is empty. @throws {RangeError} for one that there is not */
export function benchServers(only: string): BenchServers {
  if (only === '') return servers;
  const start = servers[only];
  if (start === undefined) throw new RangeError(`expected one of ${Object.keys(servers).join(', ')}, got ${only}`);
  return { [only]: start };
}
