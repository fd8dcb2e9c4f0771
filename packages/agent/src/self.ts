import { definePlugin, type Plugin } from '@tarsier/plugins';
import { z } from 'zod';
import type { ScrapeStats } from './scrape.ts';
import type { ShipStats } from './shipper.ts';
import type { SpoolStats } from './spool.ts';

/** What the agent knows of itself. */
export interface SelfSource {
  readonly ticks: { readonly missed: number; readonly lagSeconds: number; readonly samples: number };
  readonly scrapes: () => ReadonlyMap<string, Readonly<ScrapeStats>>;
  readonly spool: Readonly<SpoolStats>;
  readonly ship: Readonly<ShipStats>;
  readonly usage: () => { readonly cpuSeconds: number; readonly residentBytes: number };
}

/** The agent's own metrics, as one more plugin: whoever watches hosts has to watch the watcher. */
export function createSelfPlugin(source: SelfSource): Plugin {
  return definePlugin({
    name: 'agent',
    summary: 'The agent itself: cost, lag, spool and shipping.',
    config: z.object({}),
    metrics: {
      agent_cpu_seconds_total: { kind: 'counter', unit: 'seconds', help: 'CPU time of the agent.' },
      agent_memory_resident_bytes: { kind: 'gauge', unit: 'bytes', help: 'Resident memory of the agent.' },
      agent_tick_lag_seconds: { kind: 'gauge', unit: 'seconds', help: 'How late the last tick ran.' },
      agent_ticks_missed_total: {
        kind: 'counter',
        unit: '',
        help: 'Ticks that could not be, because one took too long.',
      },
      agent_samples_total: { kind: 'counter', unit: '', help: 'Samples taken.' },
      agent_plugin_up: { kind: 'gauge', unit: '', help: 'Whether the last scrape of a plugin gave samples: 1 or 0.' },
      agent_plugin_duration_seconds: {
        kind: 'gauge',
        unit: 'seconds',
        help: 'How long the last scrape of a plugin took.',
      },
      agent_plugin_failures_total: {
        kind: 'counter',
        unit: '',
        help: 'Scrapes of a plugin that failed or took too long.',
      },
      agent_spool_bytes: { kind: 'gauge', unit: 'bytes', help: 'Bytes in the spool.' },
      agent_batches_shipped_total: { kind: 'counter', unit: '', help: 'Batches that the collector took.' },
      agent_batches_dropped_total: {
        kind: 'counter',
        unit: '',
        help: 'Batches lost: refused for good, or dropped from a full spool.',
      },
      agent_ship_failures_total: { kind: 'counter', unit: '', help: 'Tries to send that failed and were repeated.' },
      agent_ship_duration_seconds: {
        kind: 'gauge',
        unit: 'seconds',
        help: 'How long the last successful sending took.',
      },
    },
    create() {
      return {
        scrape(out) {
          const { ticks, spool, ship } = source;
          const { cpuSeconds, residentBytes } = source.usage();
          out.counter('agent_cpu_seconds_total', Math.round(cpuSeconds * 1000) / 1000);
          out.gauge('agent_memory_resident_bytes', residentBytes);
          out.gauge('agent_tick_lag_seconds', roundMs(ticks.lagSeconds));
          out.counter('agent_ticks_missed_total', ticks.missed);
          out.counter('agent_samples_total', ticks.samples);
          for (const [plugin, stats] of source.scrapes()) {
            const labels = { plugin };
            out.gauge('agent_plugin_up', Number(stats.up), labels);
            out.gauge('agent_plugin_duration_seconds', roundMs(stats.durationSeconds), labels);
            out.counter('agent_plugin_failures_total', stats.failures + stats.timeouts, labels);
          }
          out.gauge('agent_spool_bytes', spool.bytes);
          out.counter('agent_batches_shipped_total', ship.shipped);
          out.counter('agent_batches_dropped_total', ship.refused + spool.dropped);
          out.counter('agent_ship_failures_total', ship.failures);
          out.gauge('agent_ship_duration_seconds', roundMs(ship.lastShipSeconds));
        },
      };
    },
  });
}

/** Tenths of a millisecond: more digits tell nothing and cost bytes. */
function roundMs(seconds: number): number {
  return Math.round(seconds * 10_000) / 10_000;
}
