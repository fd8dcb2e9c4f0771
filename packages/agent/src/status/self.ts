/** The agent's own metrics, as two more plugins: whoever watches hosts has to watch the watcher. */
import { definePlugin, type MetricSpec, type Plugin } from '@tarsier/plugins';
import type { UnixMs } from '@tarsier/protocol';
import { z } from 'zod';
import type { AgentUsage } from './agent-status.ts';
import type { BudgetState } from '../scrape/budget.ts';
import { jumpKinds, type ClockJump } from '../scrape/clock-watch.ts';
import type { Scraper } from '../scrape/scrape.ts';
import type { ShipStats } from '../shipping/shipper.ts';
import type { SpoolStats } from '../spool/contract.ts';

/** What the agent knows of itself. */
export interface SelfSource {
  readonly ticks: { readonly missed: number; readonly lagSeconds: number; readonly samples: number };
  readonly jumps: Readonly<Record<ClockJump['kind'], number>>;
  readonly batcher: { readonly width: number; readonly leftOut: number };
  readonly scrapers: () => readonly Scraper[];
  readonly spool: SpoolStats;
  readonly ship: Readonly<ShipStats>;
  readonly budget: BudgetState;
  readonly strays: { readonly count: number };
  readonly usage: () => AgentUsage;
  readonly now: () => UnixMs;
}

const gauge = (unit: string, help: string): MetricSpec => ({ kind: 'gauge', unit, help });
const counter = (unit: string, help: string): MetricSpec => ({ kind: 'counter', unit, help });

/** Ticks, cost, spool and shipping. */
export function createSelfPlugin(source: SelfSource): Plugin {
  return definePlugin({
    name: 'agent',
    summary: 'The agent itself: cost, lag, spool and shipping.',
    config: z.object({}),
    metrics: {
      agent_cpu_seconds_total: counter('seconds', 'CPU time of the agent.'),
      agent_cpu_used_ratio: gauge('ratio', 'Share of a core that the agent used in the last half minute.'),
      agent_cpu_budget_ratio: gauge('ratio', 'Share of a core that the agent may use; 0 when there is no limit.'),
      agent_memory_resident_bytes: gauge('bytes', 'Resident memory of the agent.'),
      agent_tick_lag_seconds: gauge('seconds', 'How late the last tick ran.'),
      agent_ticks_missed_total: counter('', 'Ticks that could not be, because one took too long.'),
      agent_clock_jumps_total: counter('', 'Times that the clock was set (forward, back) or the host slept, by kind.'),
      agent_clock_ahead_seconds: gauge('seconds', "How far the collector's clock is ahead of this host's."),
      agent_samples_total: counter('', 'Samples taken.'),
      agent_stray_errors_total: counter(
        '',
        'Failures that nothing waited for: of a promise let go, a timer, a socket.',
      ),
      agent_series: gauge('', 'Series in a batch.'),
      agent_series_dropped: gauge('', 'Series that have no place in a batch any more.'),
      agent_spool_bytes: gauge('bytes', 'Bytes in the spool.'),
      agent_spool_batches: gauge('', 'Batches that wait to be taken.'),
      agent_spool_memory_batches: gauge('', 'Batches that only memory has, because the disk takes nothing.'),
      agent_spool_oldest_seconds: gauge('seconds', 'Age of the oldest batch that waits.'),
      agent_spool_damaged_total: counter('', 'Places in the spool that could not be read back.'),
      agent_batches_shipped_total: counter('', 'Batches that the collector took.'),
      agent_batches_split_total: counter('', 'Batches that were too large and went in halves.'),
      agent_batches_refused_total: counter('', 'Batches that the collector refused for good.'),
      agent_batches_dropped_total: counter('', 'Batches dropped unsent: too old, or no more room.'),
      agent_shipped_bytes_total: counter('bytes', 'Bytes of batches that the collector took.'),
      agent_ship_failures_total: counter('', 'Tries to send that failed and were repeated.'),
      agent_ship_answers_total: counter('', 'Answers of the collector, by status; none where there was no answer.'),
      agent_ship_duration_seconds: gauge('seconds', 'How long the last successful sending took.'),
    },
    create() {
      return {
        scrape(out) {
          const { ticks, jumps, batcher, spool, ship, budget, strays } = source;
          const { cpuSeconds, residentBytes } = source.usage();
          out.counter('agent_cpu_seconds_total', roundMs(cpuSeconds));
          out.gauge('agent_cpu_used_ratio', roundMs(budget.used));
          out.gauge('agent_cpu_budget_ratio', budget.budget);
          out.gauge('agent_memory_resident_bytes', residentBytes);
          out.gauge('agent_tick_lag_seconds', roundMs(ticks.lagSeconds));
          out.counter('agent_ticks_missed_total', ticks.missed);
          for (const kind of jumpKinds) out.counter('agent_clock_jumps_total', jumps[kind], { kind });
          out.gauge('agent_clock_ahead_seconds', ship.clockAheadSeconds);
          out.counter('agent_samples_total', ticks.samples);
          out.counter('agent_stray_errors_total', strays.count);
          out.gauge('agent_series', batcher.width);
          out.gauge('agent_series_dropped', batcher.leftOut);
          out.gauge('agent_spool_bytes', spool.bytes);
          out.gauge('agent_spool_batches', spool.waiting);
          out.gauge('agent_spool_memory_batches', spool.inMemory);
          const age = spool.oldest === undefined ? 0 : Math.max(0, source.now() - spool.oldest) / 1000;
          out.gauge('agent_spool_oldest_seconds', Math.round(age));
          out.counter('agent_spool_damaged_total', spool.damaged);
          out.counter('agent_batches_shipped_total', ship.shipped);
          out.counter('agent_batches_split_total', ship.split);
          out.counter('agent_batches_refused_total', ship.refused);
          out.counter('agent_batches_dropped_total', spool.dropped);
          out.counter('agent_shipped_bytes_total', ship.shippedBytes);
          out.counter('agent_ship_failures_total', ship.failures);
          for (const [answer, count] of ship.answers) out.counter('agent_ship_answers_total', count, { answer });
          out.gauge('agent_ship_duration_seconds', roundMs(ship.lastShipSeconds));
        },
      };
    },
  });
}

/** What each plugin does and costs. */
export function createPluginHealthPlugin({ scrapers }: Pick<SelfSource, 'scrapers'>): Plugin {
  return definePlugin({
    name: 'agent_plugins',
    summary: 'What each plugin of the agent does and costs.',
    intervalMs: 10_000,
    config: z.object({}),
    metrics: {
      agent_plugin_up: gauge('', 'Whether the last scrape of a plugin gave samples: 1 or 0.'),
      agent_plugin_duration_seconds: gauge('seconds', 'How long the last scrape of a plugin took.'),
      agent_plugin_busy_seconds_total: counter('seconds', 'Time that a plugin kept everything else waiting.'),
      agent_plugin_failures_total: counter('', 'Scrapes of a plugin that failed or took too long.'),
      agent_plugin_restarts_total: counter('', 'Times that a plugin was closed and opened again.'),
      agent_plugin_series: gauge('', 'Series of a plugin.'),
      agent_plugin_series_dropped: gauge('', 'Series of a plugin that were left out, because it has too many.'),
      agent_plugin_interval_seconds: gauge('seconds', 'Time between scrapes of a plugin, as it is now.'),
    },
    create() {
      return {
        scrape(out) {
          for (const { plugin, stats, samples, absent, intervalMs } of scrapers()) {
            if (absent !== undefined) continue;
            const labels = { plugin: plugin.name };
            out.gauge('agent_plugin_up', Number(stats.up), labels);
            out.gauge('agent_plugin_duration_seconds', roundMs(stats.durationSeconds), labels);
            out.counter('agent_plugin_busy_seconds_total', roundMs(stats.busySeconds), labels);
            out.counter('agent_plugin_failures_total', stats.failures + stats.timeouts, labels);
            out.counter('agent_plugin_restarts_total', stats.restarts, labels);
            out.gauge('agent_plugin_series', samples.seriesList.length, labels);
            out.gauge('agent_plugin_series_dropped', samples.dropped, labels);
            out.gauge('agent_plugin_interval_seconds', intervalMs / 1000, labels);
          }
        },
      };
    },
  });
}

/** Tenths of a millisecond: more digits tell nothing and cost bytes. */
function roundMs(seconds: number): number {
  return Math.round(seconds * 10_000) / 10_000;
}
