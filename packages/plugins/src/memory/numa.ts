/** Memory of each NUMA node, on hosts that have several. */
import type { Host } from '../host/host.ts';
import { parseKeyValues } from '../text/key-values.ts';
import type { ScrapeOutput } from '../plugin.ts';

const everyMs = 10_000;
const kilobyte = 1024;

export interface NumaNodes {
  /** Puts them out when it is time to. */
  put(out: ScrapeOutput): void;
}

/** Kernel: Documentation/admin-guide/numastat.rst; `meminfo` of a node has lines as `Node 0 MemFree: 123 kB`. */
export function createNumaNodes(host: Host): NumaNodes {
  let nodes: readonly string[] | undefined;
  let dueAt = Number.NEGATIVE_INFINITY;
  return {
    put(out) {
      if (host.now() < dueAt) return;
      dueAt = host.now() + everyMs;
      nodes ??= host.listSys('devices/system/node').flatMap((name) => /^node(\d+)$/u.exec(name)?.[1] ?? []);
      // A host with one node has all that in its own numbers.
      if (nodes.length < 2) return;
      for (const node of nodes) {
        const folder = `devices/system/node/node${node}`;
        const meminfo = parseKeyValues((host.readSys(`${folder}/meminfo`) ?? '').replaceAll(/^Node \d+ /gmu, ''));
        const counts = parseKeyValues(host.readSys(`${folder}/numastat`) ?? '');
        const of = (field: string): number => (meminfo.get(field) ?? Number.NaN) * kilobyte;
        out.gauge('memory_node_total_bytes', of('MemTotal'), { node });
        out.gauge('memory_node_free_bytes', of('MemFree'), { node });
        out.counter('memory_node_misses_total', counts.get('numa_miss') ?? Number.NaN, { node });
      }
    },
  };
}
