/** Runs one plugin, so that its failure or its slowness is its own. */
import type { CollectedSamples, Plugin, PluginDeps } from '@tarsier/plugins';
import { createScrapeOutput } from '@tarsier/plugins';
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import { createPresence } from './presence.ts';
import type { Clock } from './clock.ts';

export interface ScrapeStats {
  /** Whether the last scrape gave samples. */
  up: boolean;
  durationSeconds: number;
  /** Time that all scrapes together kept everything else waiting. */
  busySeconds: number;
  failures: number;
  timeouts: number;
  /** How often it was closed and opened again, because it failed again and again or its series had no room. */
  restarts: number;
}

export interface Scraper {
  readonly plugin: Plugin;
  readonly samples: CollectedSamples;
  readonly stats: ScrapeStats;
  /** Why the plugin is left out, while it has nothing to measure on this host. */
  readonly absent: string | undefined;
  /** Time between scrapes, ms: the plugin's own, times {@link Scraper.slowdown}. */
  readonly intervalMs: number;
  /** 1, or more while it is slowed down because it costs too much. */
  slowdown: number;
  /**
   * Scrapes if the plugin's time has come. Never throws.
   *
   * @returns whether `samples` now holds what belongs to `time`
   */
  scrape(time: UnixMs): boolean | Promise<boolean>;
  /** A scrape that is still under way gets no more time, unless it is one that nobody waits for. */
  giveUp(): void;
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
  /** More series are left out. */
  readonly maxSeries?: number | undefined;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly log: Log;
}

/** Least time that a plugin has which ticks do not wait for, ms. */
const leastBackgroundMs = 10_000;
/** A failing plugin is tried less and less often, up to every so many of its turns. */
const mostSkipped = 30;
/** It is begun anew after each so many failures in a row. */
const restartAfter = 5;
/** A scrape that was given up and still has not ended: its plugin is begun anew after so long, ms. */
const hungMs = 60_000;
/** A plugin that has no room for more series, while half of those it has are gone, is begun anew, ms after the last time. */
const freshenMs = 600_000;
const closeMs = 1_000;

/** @throws {TarsierError} `plugin/config` */
export function createScraper(deps: ScraperDeps): Scraper {
  const { plugin, config, host, intervalMs, timeoutMs, maxSeries, clock, log } = deps;
  const warn = (message: string): void => log.warn(message, { plugin: plugin.name });
  const outputOptions = { warn, ...(maxSeries === undefined ? {} : { maxSeries }) };
  const presence = createPresence({ plugin, config, host, log });
  const limitMs = plugin.background ? Math.max(plugin.intervalMs, leastBackgroundMs) : timeoutMs;
  const every = Math.max(1, Math.round(plugin.intervalMs / intervalMs)) * intervalMs;
  const stats: ScrapeStats = { up: false, durationSeconds: 0, busySeconds: 0, failures: 0, timeouts: 0, restarts: 0 };
  plugin.checkConfig(config);
  // One that may have nothing to measure here is opened once it has: opening it then may not even be possible.
  let instance = plugin.probe === undefined ? plugin.open(config, { host, warn }) : undefined;
  let samples = createScrapeOutput(plugin, outputOptions);
  let abort = new AbortController();
  /** The scrape that is under way; what a former one still does is nothing to us. */
  let current: { readonly began: number; givenUp: boolean } | undefined;
  let closing: Promise<void> | undefined;
  let started = false;
  /** Of a background plugin: its samples wait for the next tick. */
  let ready = false;
  let failedInARow = 0;
  let skip = 0;
  let slowdown = 1;
  let freshAt = clock.monotonic();

  function measure(): boolean | Promise<boolean> {
    if (samples.dropped > 0) makeRoom();
    if (closing !== undefined) return false;
    const began = clock.monotonic();
    samples.begin();
    let scraping: void | Promise<void>;
    try {
      instance ??= plugin.open(config, { host, warn });
      scraping = instance.scrape(samples, abort.signal);
    } catch (error) {
      return failed(error, began);
    }
    const heldUpMs = clock.monotonic() - began;
    stats.busySeconds += heldUpMs / 1000;
    if (scraping === undefined) return heldUpMs > limitMs ? heldUp(heldUpMs) : succeeded(began);
    const mine = (current = { began, givenUp: false });
    const ended = (outcome: () => boolean): boolean => {
      if (current !== mine) return false;
      current = undefined;
      // Whoever listens to its signal may still do so.
      abort = new AbortController();
      return mine.givenUp ? false : outcome();
    };
    return scraping.then(
      () => ended(() => succeeded(began)),
      (error: unknown) => ended(() => failed(error, began)),
    );
  }

  function succeeded(began: number): boolean {
    stats.durationSeconds = (clock.monotonic() - began) / 1000;
    stats.up = true;
    if (failedInARow > 0) log.info('a plugin works again', { plugin: plugin.name });
    failedInARow = 0;
    return true;
  }

  function failed(error: unknown, began: number): boolean {
    stats.durationSeconds = (clock.monotonic() - began) / 1000;
    stats.failures++;
    return fail(describeError(error));
  }

  function heldUp(ms: number): boolean {
    stats.durationSeconds = ms / 1000;
    stats.timeouts++;
    return fail(`it kept everything else waiting for ${Math.round(ms)} ms`);
  }

  function fail(why: string): false {
    stats.up = false;
    failedInARow++;
    skip = Math.min(mostSkipped, 2 ** failedInARow - 1);
    const first = failedInARow === 1;
    if (failedInARow % restartAfter === 0) restart('it fails again and again');
    // Looking first: what it measures may be gone, which is no failure.
    void presence.look().then(() => {
      if (presence.absent !== undefined) failedInARow = skip = 0;
      else if (first) log.warn('a plugin failed', { plugin: plugin.name, why });
    });
    return false;
  }

  /** Nothing of what it was is kept: its next scrape opens it anew, once it has closed. */
  function restart(why: string): void {
    stats.restarts++;
    log.info('a plugin is begun anew', { plugin: plugin.name, why });
    closing = closeInstance().then(() => {
      closing = undefined;
    });
    samples = createScrapeOutput(plugin, outputOptions);
    freshAt = clock.monotonic();
  }

  function makeRoom(): void {
    if (clock.monotonic() - freshAt < freshenMs) return;
    let here = 0;
    for (let handle = 0; handle < samples.seriesList.length; handle++) here += samples.present[handle] ?? 0;
    if (here * 2 < samples.seriesList.length) restart('most of its series are gone, and new ones have no room');
    else freshAt = clock.monotonic();
  }

  async function closeInstance(): Promise<void> {
    const old = instance;
    instance = undefined;
    current = undefined;
    abort.abort();
    abort = new AbortController();
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(closeMs, resolve);
    });
    try {
      await Promise.race([Promise.resolve(old?.close?.()), late]);
    } catch (error) {
      log.warn('a plugin did not close', { plugin: plugin.name, why: describeError(error) });
    } finally {
      cancel();
    }
  }

  function stillBusy(scrape: { readonly began: number; readonly givenUp: boolean }): void {
    const tookMs = clock.monotonic() - scrape.began;
    if (!scrape.givenUp && tookMs >= limitMs) giveUp(tookMs);
    if (current === scrape && tookMs >= limitMs + hungMs) restart('it does not answer any more');
  }

  function giveUp(tookMs: number): void {
    if (current === undefined || current.givenUp) return;
    current.givenUp = true;
    stats.timeouts++;
    stats.durationSeconds = tookMs / 1000;
    abort.abort();
    fail(`no answer within ${limitMs} ms; it is left out until it answers`);
  }

  return {
    plugin,
    stats,
    get samples() {
      return samples;
    },
    get absent() {
      return presence.absent;
    },
    get intervalMs() {
      return every * slowdown;
    },
    get slowdown() {
      return slowdown;
    },
    set slowdown(factor) {
      slowdown = factor;
    },
    scrape(time) {
      if (!presence.at(time)) return false;
      if (ready) {
        ready = false;
        return true;
      }
      if (current !== undefined) {
        stillBusy(current);
        return false;
      }
      const due = time % (every * slowdown) === 0 || !started;
      if (!due || closing !== undefined) return false;
      started = true;
      if (skip > 0) {
        skip--;
        return false;
      }
      const measuring = measure();
      if (!plugin.background || typeof measuring === 'boolean') return measuring;
      void measuring.then((succeeded) => {
        ready = succeeded;
      });
      return false;
    },
    giveUp() {
      if (current !== undefined && !plugin.background) giveUp(clock.monotonic() - current.began);
    },
    async close() {
      await closing;
      await closeInstance();
    },
  };
}

/**
 * One tick: all plugins whose time has come, beside each other. One timer for all that make the tick wait, and none
 * when there are none.
 *
 * @returns those that have samples of `time`
 */
export async function scrapeAll(
  scrapers: readonly Scraper[],
  time: UnixMs,
  timeoutMs: number,
  clock: Pick<Clock, 'after'>,
): Promise<readonly Scraper[]> {
  const results = scrapers.map((scraper) => scraper.scrape(time));
  if (results.some((result) => typeof result !== 'boolean')) {
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(timeoutMs, resolve);
    });
    const done = results.map(async (result, index) => {
      results[index] = await result;
    });
    await Promise.race([Promise.all(done), late]);
    cancel();
    for (const scraper of scrapers) scraper.giveUp();
  }
  return scrapers.filter((_, index) => results[index] === true);
}
