/** The composition root: plugins → ticks → columns → batches → spool → collector. */
import { builtinPlugins, createHost, type Plugin } from '@tarsier/plugins';
import { describeError, type UnixMs } from '@tarsier/protocol';
import { createBatcher } from './batcher.ts';
import type { AgentConfig } from './config.ts';
import type { Log } from './log.ts';
import { createPoster } from './post.ts';
import { createScheduler, systemClock, type Clock } from './scheduler.ts';
import { createScraper, type Scraper } from './scrape.ts';
import { createSelfPlugin } from './self.ts';
import { createShipper } from './shipper.ts';
import { openSpool } from './spool.ts';

export interface Agent {
  start(): void;
  /** Spools what was sampled, tries to send it, and gives back what it holds open. */
  stop(): Promise<void>;
}

export interface AgentDeps {
  readonly log: Log;
  readonly usage: () => { readonly cpuSeconds: number; readonly residentBytes: number };
  readonly clock?: Clock;
  readonly plugins?: readonly Plugin[];
  /** For the jitter of retries. */
  readonly random?: () => number;
}

/** At first batches are small, so that a new host shows up at once. */
const eagerMs = 10_000;
const eagerFlushMs = 1_000;
const lastSendMs = 2_000;

/** @throws {TarsierError} `plugin/config`; and when the spool's folder can't be used */
export async function createAgent(
  config: AgentConfig,
  { log, usage, clock = systemClock, plugins = builtinPlugins, random = Math.random }: AgentDeps,
): Promise<Agent> {
  const spool = await openSpool({ folder: config.spool, maxBytes: config.spoolBytes, log });
  const epoch = await spool.nextEpoch(clock.now());
  const batcher = createBatcher({ host: config.host, epoch });
  let askedFlushMs = config.flushMs;
  const shipper = createShipper({
    spool,
    poster: createPoster(new URL('/v1/ingest', config.url)),
    key: config.key,
    tenant: config.tenant,
    onFlushInterval(seconds) {
      askedFlushMs = Math.min(config.flushMs, seconds * 1000);
    },
    clock,
    log,
    random,
  });

  const ticks = { missed: 0, lagSeconds: 0, samples: 0 };
  const host = createHost();
  const scrapers: Scraper[] = [];
  const self = createSelfPlugin({
    ticks,
    scrapes: () =>
      new Map(scrapers.flatMap(({ plugin, stats, absent }) => (absent === undefined ? [[plugin.name, stats]] : []))),
    spool: spool.stats,
    ship: shipper.stats,
    usage,
  });
  for (const plugin of [...plugins, self]) {
    const settings = config.plugins[plugin.name];
    if (settings === false) continue;
    const { intervalMs, timeoutMs } = config;
    scrapers.push(createScraper({ plugin, config: settings ?? {}, host, intervalMs, timeoutMs, log }));
  }
  const unknown = Object.keys(config.plugins).filter(
    (name) => !scrapers.some(({ plugin }) => plugin.name === name) && config.plugins[name] !== false,
  );
  for (const name of unknown) log.warn('settings for a plugin that there is not', { plugin: name });

  async function flush(): Promise<void> {
    const batch = batcher.take();
    if (batch === undefined) return;
    const { seq, times, bytes, schema } = batch;
    const durable = await spool.append(bytes, schema);
    if (durable) log.debug('batch spooled', { epoch, seq, times });
    shipper.wake();
  }

  let flushing: Promise<void> = Promise.resolve();
  async function tick(time: UnixMs, lagMs: number): Promise<void> {
    ticks.lagSeconds = lagMs / 1000;
    const succeeded = await Promise.all(
      scrapers.map(async (scraper) => ((await scraper.scrape(time)) ? [scraper] : [])),
    );
    const sources = succeeded.flat();
    batcher.append(time, sources);
    for (const { samples } of sources) for (const one of samples.present) ticks.samples += one;
    const flushMs = time - epoch < eagerMs ? eagerFlushMs : askedFlushMs;
    if (batcher.rows * config.intervalMs < flushMs) return;
    // Beside the ticks: a slow disk must not delay the next one.
    flushing = flushing
      .then(flush)
      .catch((error: unknown) => log.error('a batch could not be spooled', { why: describeError(error) }));
  }

  const scheduler = createScheduler({
    intervalMs: config.intervalMs,
    clock,
    onTick: tick,
    onMissed(count) {
      ticks.missed += count;
    },
  });

  return {
    start() {
      log.info('measuring', {
        host: config.host,
        collector: config.url,
        everyMs: config.intervalMs,
        plugins: scrapers.length,
      });
      shipper.start();
      scheduler.start();
    },
    async stop() {
      await scheduler.stop();
      await flushing;
      await flush();
      await shipper.stop(lastSendMs);
      await spool.close();
      for (const scraper of scrapers) await scraper.close();
      host.close();
    },
  };
}
