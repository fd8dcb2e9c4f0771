/** The composition root: plugins → ticks → columns → batches → spool → collector. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createHost, type Plugin } from '@tarsier/plugins';
import { builtinPlugins } from '@tarsier/plugins/builtin';
import { describeError, TarsierError, type UnixMs } from '@tarsier/protocol';
import { createBatcher } from './shipping/batcher.ts';
import { createBudgetKeeper } from './scrape/budget.ts';
import type { AgentConfig } from './config/config.ts';
import { hourOf } from './ledger/book.ts';
import { createLedgerReporter, type LedgerTarget } from './ledger/reporter.ts';
import type { Log } from './log.ts';
import { createPluginSet } from './scrape/plugin-set.ts';
import { createCollectorList, type CollectorList } from './shipping/collector-list.ts';
import { createFailoverPoster } from './shipping/failover.ts';
import { createPoster, type Poster } from './shipping/post.ts';
import { systemClock, type Clock } from './scrape/clock.ts';
import { createScheduler, type Scheduler, type Tick } from './scrape/scheduler.ts';
import { scrapeAll } from './scrape/scrape.ts';
import type { AgentStatus, AgentUsage } from './status/agent-status.ts';
import { createPluginHealthPlugin, createSelfPlugin, type SelfSource } from './status/self.ts';
import { createShipper, type ShipTarget } from './shipping/shipper.ts';
import { openSpool } from './spool/spool.ts';

export { loadConfig, type AgentConfig } from './config/config.ts';

export interface Agent {
  start(): void;
  /** Measures at once, besides the ticks or without any; resolves when that is on its way to the collector. */
  collect(): Promise<void>;
  /**
   * Goes on with other settings: the same epoch, the next sequence number, and plugins whose settings are the same
   * keep all they know. One call at a time.
   *
   * @param plugins  the same ones unless given
   * @returns names of the plugins that were opened, swapped or closed
   * @throws {TarsierError} `config/restart` for what can't change while it runs, `plugin/config`; all is then as before
   */
  reconfigure(config: AgentConfig, plugins?: readonly Plugin[]): Promise<readonly string[]>;
  status(): AgentStatus;
  /** Spools what was sampled and that its series end, tries to send it, and gives back what it holds open. */
  stop(): Promise<void>;
}

export interface AgentDeps {
  readonly log: Log;
  readonly usage: () => AgentUsage;
  readonly clock?: Clock;
  readonly plugins?: readonly Plugin[];
  /** Failures that nothing waited for, where the program counts them. */
  readonly strays?: { readonly count: number };
  /** For the jitter of retries. */
  readonly random?: () => number;
  /** Gives memory back that nothing uses, if Node.js was started so that it can. */
  readonly collectGarbage?: () => void;
}

/** At first batches are small, so that a new host shows up at once. */
const eagerMs = 10_000;
const eagerFlushMs = 1_000;
const lastSendMs = 2_000;
/** A collector that has taken all may be slow; one that has not is not waited for. */
const lastReportMs = { taken: 5_000, otherwise: 1_000 } as const;
/** Starting takes more memory than all that follows; by now it is over. */
const giveBackMs = 20_000;

/** @throws {TarsierError} `plugin/config`; and when the spool's folder can't be used */
export async function createAgent(
  firstConfig: AgentConfig,
  {
    log,
    usage,
    clock = systemClock,
    plugins: firstPlugins = builtinPlugins,
    strays = { count: 0 },
    random = Math.random,
    collectGarbage = majorCollection,
  }: AgentDeps,
): Promise<Agent> {
  let config = firstConfig;
  let plugins = firstPlugins;
  const spool = await openSpool({
    folder: config.spool,
    maxBytes: config.spoolBytes,
    maxAgeMs: config.spoolMaxAgeMs,
    now: clock.now,
    log,
  });
  const batcher = createBatcher({
    host: config.host,
    epoch: await spool.nextEpoch(clock.now()),
    warn: (message) => log.warn(message),
  });
  let askedFlushMs = config.flushMs;
  const firstCollectors = collectorsOf(config);
  const shipper = createShipper({
    spool,
    ...targetOf(config, firstCollectors, log),
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
  const jumps = { forward: 0, back: 0, suspended: 0 };
  const host = createHost({ stateFolder: join(config.state, 'plugins') });
  const budget = createBudgetKeeper({ usage, clock, log });
  const self: SelfSource = {
    ticks,
    jumps,
    batcher,
    scrapers: () => set.scrapers,
    spool: spool.stats,
    ship: shipper.stats,
    budget,
    strays,
    usage,
    now: clock.now,
  };
  const own = [createSelfPlugin(self), createPluginHealthPlugin(self)];
  const set = createPluginSet({ host, clock, log });
  await set.apply([...plugins, ...own], config);

  /** Beside the ticks, and one after the other: a slow disk must not delay the next tick. */
  let flushing: Promise<void> = Promise.resolve();
  function flush(what: 'batch' | 'goodbye' = 'batch'): void {
    const batch = batcher.take();
    if (batch === undefined) return;
    const { epoch, seq, times, samples, bytes, schema } = batch;
    flushing = flushing
      .then(async () => {
        const durable = await spool.append(bytes, schema, times.at(-1) ?? clock.now(), samples);
        if (durable) log.debug(`${what} spooled`, { epoch, seq, times });
        shipper.wake();
      })
      .catch((error: unknown) => log.error('a batch could not be spooled', { why: describeError(error) }));
  }

  /** Of a tick that is measured now. */
  let measuring: UnixMs | undefined;
  const reporter = createLedgerReporter({
    book: spool.ledger,
    async accounted() {
      const until = Math.min(measuring ?? Infinity, batcher.oldest ?? Infinity, clock.now());
      await flushing;
      return until;
    },
    ...ledgerTargetOf(config, firstCollectors, log),
    clock,
    log,
  });

  async function beginEpoch(): Promise<void> {
    flush();
    batcher.begin(await spool.nextEpoch(clock.now()));
  }

  const startedAt = clock.monotonic();
  async function measure({ time, lagMs, again }: Tick): Promise<void> {
    // Somebody wanted it measured just now.
    if (!again && time <= (ticks.lastAt ?? -Infinity)) return;
    ticks.lagSeconds = lagMs / 1000;
    ticks.lastAt = time;
    if (again || batcher.spent) await beginEpoch();
    // A batch is of one hour, as the account is.
    if (batcher.oldest !== undefined && hourOf(batcher.oldest) !== hourOf(time)) flush();
    const sources = await scrapeAll(set.scrapers, time, config.timeoutMs, clock);
    ticks.samples += batcher.append(time, sources);
    budget.check(set.scrapers, config.cpuBudget);
    const flushMs = clock.monotonic() - startedAt < eagerMs ? eagerFlushMs : askedFlushMs;
    const old = batcher.rows * config.intervalMs >= flushMs;
    if (old || batcher.full || sources.some(({ samples }) => samples.hurried)) flush();
  }

  async function tick(one: Tick): Promise<void> {
    measuring = one.time;
    try {
      await measure(one);
    } catch (error) {
      // Whatever it is, the next tick may do better.
      log.error('a tick failed', { why: describeError(error) });
    }
    measuring = undefined;
  }

  /** One after the other: those that somebody asks for come between the scheduler's. */
  let ticking: Promise<void> = Promise.resolve();
  const inTurn = (one: () => Tick): Promise<void> => (ticking = ticking.then(() => tick(one())));
  const schedulerFor = ({ intervalMs }: AgentConfig): Scheduler =>
    createScheduler({
      intervalMs,
      clock,
      onTick: (one) => inTurn(() => one),
      onMissed(count) {
        ticks.missed += count;
      },
      onJump({ kind, byMs }) {
        jumps[kind]++;
        log.warn('the clock jumped', { kind, bySeconds: Math.round(byMs / 100) / 10 });
      },
    });
  let scheduler = schedulerFor(config);
  let cancelGiveBack = (): void => {};

  return {
    start() {
      log.info('measuring', {
        host: config.host,
        collector: config.url,
        everyMs: config.intervalMs,
        plugins: set.scrapers.length,
      });
      shipper.start();
      reporter.start();
      scheduler.start();
      cancelGiveBack = clock.after(giveBackMs, collectGarbage);
    },
    async collect() {
      await inTurn(() => ({ time: Math.max(clock.now(), (ticks.lastAt ?? 0) + 1), lagMs: 0, again: false }));
      flush();
      await flushing;
      shipper.start();
    },
    async reconfigure(next, nextPlugins = plugins) {
      for (const name of ['host', 'spool', 'spoolBytes', 'spoolMaxAgeMs'] as const) {
        if (next[name] === config[name]) continue;
        throw new TarsierError(
          'config/restart',
          `${name}: can not change from ${config[name]} to ${next[name]} while the agent runs; restart it`,
          { field: name },
        );
      }
      // Not in the middle of a scrape.
      await ticking;
      const swapped = await set.apply([...nextPlugins, ...own], next);
      plugins = nextPlugins;
      const former = config;
      config = next;
      askedFlushMs = Math.min(next.flushMs, askedFlushMs === former.flushMs ? next.flushMs : askedFlushMs);
      if (!isDeepStrictEqual(targetSettings(next), targetSettings(former))) {
        const collectors = collectorsOf(next);
        shipper.retarget(targetOf(next, collectors, log));
        reporter.retarget(ledgerTargetOf(next, collectors, log));
      }
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
      epoch: batcher.epoch,
      intervalMs: config.intervalMs,
      ticks,
      plugins: set.scrapers.map(({ plugin, samples, stats, absent, intervalMs, slowdown }) => ({
        name: plugin.name,
        absent,
        intervalMs,
        slowdown,
        series: samples.seriesList.length,
        ...stats,
      })),
      spool: spool.stats,
      ship: shipper.stats,
      usage: usage(),
      budget: { budget: budget.budget, used: budget.used },
    }),
    async stop() {
      cancelGiveBack();
      await scheduler.stop();
      flush();
      // What it measured ends now: nobody should see it for another five minutes.
      if (ticks.lastAt !== undefined) batcher.end(Math.max(clock.now(), ticks.lastAt + 1));
      flush('goodbye');
      await flushing;
      await shipper.stop(lastSendMs);
      await reporter.stop(spool.stats.waiting === 0 ? lastReportMs.taken : lastReportMs.otherwise);
      await spool.close();
      await set.close();
      host.close();
    },
  };
}

function majorCollection(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

const ingestPath = '/v1/ingest';

function targetSettings({ url, otherUrls, discoverCollectors, key, tenant }: AgentConfig) {
  return { url, otherUrls, discoverCollectors, key, tenant };
}

function collectorsOf({ url, otherUrls, discoverCollectors }: AgentConfig): CollectorList {
  return createCollectorList({
    urls: [url, ...otherUrls],
    discover: discoverCollectors,
    monotonic: systemClock.monotonic,
  });
}

function posterFor(collectors: CollectorList, path: string, method: 'POST' | 'PUT', log: Log): Poster {
  return createFailoverPoster(collectors, (url) => createPoster(new URL(path, url), method), {
    discovers: path === ingestPath,
    onSwitch(url, left) {
      if (left) log.info('another collector is tried', { url, path });
      else log.debug('another collector is preferred', { url, path });
    },
  });
}

function targetOf({ key, tenant }: AgentConfig, collectors: CollectorList, log: Log): ShipTarget {
  return { poster: posterFor(collectors, ingestPath, 'POST', log), key, tenant };
}

function ledgerTargetOf({ key, host }: AgentConfig, collectors: CollectorList, log: Log): LedgerTarget {
  return {
    poster: posterFor(collectors, `/v1/hosts/${encodeURIComponent(host)}/ledger`, 'PUT', log),
    key,
    host,
  };
}
