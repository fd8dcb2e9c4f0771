/** Runs one plugin, so that its failure or its slowness is its own. */
import type { CollectedSamples, Plugin, PluginDeps } from '@tarsier/plugins';
import { createScrapeOutput } from '@tarsier/plugins';
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Log } from './log.ts';
import { createPresence } from './presence.ts';

export interface ScrapeStats {
  /** Whether the last scrape gave samples. */
  up: boolean;
  durationSeconds: number;
  failures: number;
  timeouts: number;
}

export interface Scraper {
  readonly plugin: Plugin;
  readonly samples: CollectedSamples;
  readonly stats: ScrapeStats;
  /** Why the plugin is left out, while it has nothing to measure on this host. */
  readonly absent: string | undefined;
  /**
   * Scrapes if the plugin's time has come. Never throws.
   *
   * @returns whether `samples` now holds what belongs to `time`
   */
  scrape(time: UnixMs): Promise<boolean>;
  close(): Promise<void>;
}

export interface ScraperDeps {
  readonly plugin: Plugin;
  readonly config: unknown;
  readonly host: PluginDeps['host'];
  /** The agent's tick: no plugin runs more often. */
  readonly intervalMs: number;
  /** A scrape that takes longer gives no samples. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Least time that a plugin has which ticks do not wait for, ms. */
const leastBackgroundMs = 10_000;
/** A failing plugin is tried less and less often, up to every so many of its turns. */
const mostSkipped = 30;

/** @throws {TarsierError} `plugin/config` */
export function createScraper({ plugin, config, host, intervalMs, timeoutMs, log }: ScraperDeps): Scraper {
  const warn = (message: string): void => log.warn(message, { plugin: plugin.name });
  const instance = plugin.open(config, { host, warn });
  const samples = createScrapeOutput(plugin, { warn });
  const presence = createPresence({ plugin, config, host, log });
  const limitMs = plugin.background ? Math.max(plugin.intervalMs, leastBackgroundMs) : timeoutMs;
  const every = Math.max(1, Math.round(plugin.intervalMs / intervalMs)) * intervalMs;
  const stats: ScrapeStats = { up: false, durationSeconds: 0, failures: 0, timeouts: 0 };
  let busy = false;
  let started = false;
  /** Of a background plugin: its samples wait for the next tick. */
  let ready = false;
  let failedInARow = 0;
  let skip = 0;

  async function run(): Promise<boolean> {
    const abort = new AbortController();
    busy = true;
    samples.begin();
    const began = performance.now();
    const scraping = (async () => instance.scrape(samples, abort.signal))().finally(() => {
      busy = false;
      stats.durationSeconds = (performance.now() - began) / 1000;
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<'timeout'>((resolve) => {
      timer = setTimeout(resolve, limitMs, 'timeout');
    });
    try {
      if ((await Promise.race([scraping, timeout])) !== 'timeout') return true;
      stats.timeouts++;
      abort.abort();
      // It may still end, or fail, some day; nobody waits for that any more.
      scraping.catch(() => {});
      fail(`no answer within ${limitMs} ms; it is left out until it answers`);
    } catch (error) {
      stats.failures++;
      fail(describeError(error));
    } finally {
      clearTimeout(timer);
    }
    return false;
  }

  async function measure(): Promise<boolean> {
    stats.up = await run();
    if (stats.up && failedInARow > 0) log.info('a plugin works again', { plugin: plugin.name });
    if (stats.up) failedInARow = 0;
    return stats.up;
  }

  function fail(why: string): void {
    failedInARow++;
    skip = Math.min(mostSkipped, 2 ** failedInARow - 1);
    const first = failedInARow === 1;
    // Looking first: what it measures may be gone, which is no failure.
    void presence.look().then(() => {
      if (presence.absent !== undefined) failedInARow = skip = 0;
      else if (first) log.warn('a plugin failed', { plugin: plugin.name, why });
    });
  }

  return {
    plugin,
    samples,
    stats,
    get absent() {
      return presence.absent;
    },
    async scrape(time) {
      if (!presence.at(time)) return false;
      if (ready) {
        ready = false;
        return true;
      }
      const due = time % every === 0 || !started;
      if (!due || busy) return false;
      started = true;
      if (skip > 0) {
        skip--;
        return false;
      }
      if (!plugin.background) return measure();
      void measure().then((succeeded) => {
        ready = succeeded;
      });
      return false;
    },
    async close() {
      try {
        await instance.close?.();
      } catch (error) {
        log.warn('a plugin did not close', { plugin: plugin.name, why: describeError(error) });
      }
    },
  };
}
