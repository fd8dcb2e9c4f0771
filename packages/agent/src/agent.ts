/** The composition root: plugins → ticks → columns → batches → spool → collector. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createHost, type Plugin } from '@tarsier/plugins';
import { builtinPlugins } from '@tarsier/plugins/builtin';
import { describeError, TarsierError, type UnixMs } from '@tarsier/protocol';
import { createBatcher } from './batcher.ts';
import type { AgentConfig } from './config.ts';
import type { Log } from './log.ts';
import { createPluginSet } from './plugin-set.ts';
import { createPoster } from './post.ts';
import { createScheduler, systemClock, type Clock, type Scheduler } from './scheduler.ts';
import type { ScrapeStats } from './scrape.ts';
import { createSelfPlugin } from './self.ts';
import { createShipper, type ShipStats, type ShipTarget } from './shipper.ts';
import { openSpool, type SpoolStats } from './spool.ts';

export interface Agent {
  start(): void;
  /**
   * Goes on with other settings: the same epoch, the next sequence number, and plugins whose settings are the same
   * keep all they know. One call at a time.
   *
   * @returns names of the plugins that were opened, swapped or closed
   * @throws {TarsierError} `config/restart` for what can't change while it runs, `plugin/config`; all is then as before
   */
  reconfigure(config: AgentConfig): Promise<readonly string[]>;
  status(): AgentStatus;
  /** Spools what was sampled, tries to send it, and gives back what it holds open. */
  stop(): Promise<void>;
}

/** How an agent does, for whoever asks. */
export interface AgentStatus {
  readonly host: string;
  readonly url: string;
  /** When it began to measure. */
  readonly epoch: UnixMs;
  readonly intervalMs: number;
  readonly ticks: Readonly<{ missed: number; lagSeconds: number; samples: number; lastAt: UnixMs | undefined }>;
  readonly plugins: readonly (Readonly<ScrapeStats> & {
    readonly name: string;
    readonly series: number;
    /** Why there is nothing to measure; undefined where there is. */
    readonly absent: string | undefined;
  })[];
  readonly spool: Readonly<SpoolStats>;
  readonly ship: Readonly<ShipStats>;
  readonly usage: ReturnType<AgentDeps['usage']>;
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
  firstConfig: AgentConfig,
  { log, usage, clock = systemClock, plugins = builtinPlugins, random = Math.random }: AgentDeps,
): Promise<Agent> {
  let config = firstConfig;
  const spool = await openSpool({ folder: config.spool, maxBytes: config.spoolBytes, now: clock.now, log });
  const epoch = await spool.nextEpoch(clock.now());
  const batcher = createBatcher({ host: config.host, epoch });
  let askedFlushMs = config.flushMs;
  const shipper = createShipper({
    spool,
    ...targetOf(config),
    onFlushInterval(seconds) {
      askedFlushMs = Math.min(config.flushMs, seconds * 1000);
    },
    clock,
    log,
    random,
  });

  const ticks: { missed: number; lagSeconds: number; samples: number; lastAt: UnixMs | undefined } = {
    missed: 0,
    lagSeconds: 0,
    samples: 0,
    lastAt: undefined,
  };
  const host = createHost({ stateFolder: join(config.spool, 'plugins') });
  const self = createSelfPlugin({
    ticks,
    scrapes: () =>
      new Map(
        set.scrapers.flatMap(({ plugin, stats, absent }) => (absent === undefined ? [[plugin.name, stats]] : [])),
      ),
    spool: spool.stats,
    ship: shipper.stats,
    usage,
  });
  const set = createPluginSet({ plugins: [...plugins, self], host, log });
  await set.apply(config);

  async function flush(): Promise<void> {
    const batch = batcher.take();
    if (batch === undefined) return;
    const { seq, times, bytes, schema } = batch;
    const durable = await spool.append(bytes, schema, times.at(-1) ?? clock.now());
    if (durable) log.debug('batch spooled', { epoch, seq, times });
    shipper.wake();
  }

  let flushing: Promise<void> = Promise.resolve();
  async function tick(time: UnixMs, lagMs: number): Promise<void> {
    ticks.lagSeconds = lagMs / 1000;
    ticks.lastAt = time;
    const succeeded = await Promise.all(
      set.scrapers.map(async (scraper) => ((await scraper.scrape(time)) ? [scraper] : [])),
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

  let ticking: Promise<void> = Promise.resolve();
  const schedulerFor = ({ intervalMs }: AgentConfig): Scheduler =>
    createScheduler({
      intervalMs,
      clock,
      onTick: (time, lagMs) => (ticking = tick(time, lagMs)),
      onMissed(count) {
        ticks.missed += count;
      },
    });
  let scheduler = schedulerFor(config);

  return {
    start() {
      log.info('measuring', {
        host: config.host,
        collector: config.url,
        everyMs: config.intervalMs,
        plugins: set.scrapers.length,
      });
      shipper.start();
      scheduler.start();
    },
    async reconfigure(next) {
      for (const name of ['host', 'spool', 'spoolBytes'] as const) {
        if (next[name] === config[name]) continue;
        throw new TarsierError(
          'config/restart',
          `${name}: can not change from ${config[name]} to ${next[name]} while the agent runs; restart it`,
          { field: name },
        );
      }
      // Not in the middle of a scrape.
      await ticking;
      const swapped = await set.apply(next);
      const former = config;
      config = next;
      askedFlushMs = Math.min(next.flushMs, askedFlushMs === former.flushMs ? next.flushMs : askedFlushMs);
      if (!isDeepStrictEqual(targetSettings(next), targetSettings(former))) shipper.retarget(targetOf(next));
      if (next.intervalMs !== former.intervalMs) {
        await scheduler.stop();
        scheduler = schedulerFor(next);
        scheduler.start();
      }
      return swapped;
    },
    status: () => ({
      host: config.host,
      url: config.url,
      epoch,
      intervalMs: config.intervalMs,
      ticks,
      plugins: set.scrapers.map(({ plugin, samples, stats, absent }) => ({
        name: plugin.name,
        absent,
        series: samples.seriesList.length,
        ...stats,
      })),
      spool: spool.stats,
      ship: shipper.stats,
      usage: usage(),
    }),
    async stop() {
      await scheduler.stop();
      await flushing;
      await flush();
      await shipper.stop(lastSendMs);
      await spool.close();
      await set.close();
      host.close();
    },
  };
}

function targetSettings({ url, key, tenant }: AgentConfig): Pick<AgentConfig, 'url' | 'key' | 'tenant'> {
  return { url, key, tenant };
}

function targetOf({ url, key, tenant }: AgentConfig): ShipTarget {
  return { poster: createPoster(new URL('/v1/ingest', url)), key, tenant };
}
