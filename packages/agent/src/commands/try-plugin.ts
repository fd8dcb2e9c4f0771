/** Runs a plugin a few times and says what came of it: for people at a terminal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createScrapeOutput, type Host, type Plugin } from '@tarsier/plugins';
import { describeError, type Labels, type MetricKind } from '@tarsier/protocol';

export interface TriedSample {
  readonly name: string;
  readonly labels: Labels;
  readonly kind: MetricKind;
  readonly unit: string;
  readonly value: number;
}

export interface TriedPlugin {
  readonly plugin: string;
  /** Of the last scrape. */
  readonly samples: readonly TriedSample[];
  readonly durationMs: number;
  readonly warnings: readonly string[];
  /** Why there is nothing to measure here. */
  readonly absent?: string;
  /** Why it failed. */
  readonly error?: string;
}

const leastBackgroundMs = 10_000;

/** @param timeoutMs  for a plugin that ticks wait for */
export async function tryPlugin(
  plugin: Plugin,
  config: unknown,
  {
    host,
    scrapes,
    betweenMs,
    timeoutMs,
  }: { readonly host: Host; readonly scrapes: number; readonly betweenMs: number; readonly timeoutMs: number },
): Promise<TriedPlugin> {
  const warnings: string[] = [];
  const warn = (message: string): number => warnings.push(message);
  const nothing = { plugin: plugin.name, samples: [], durationMs: 0, warnings };
  const limitMs = plugin.background ? Math.max(plugin.intervalMs, leastBackgroundMs) : timeoutMs;
  let instance: ReturnType<Plugin['open']> | undefined;
  try {
    const absent = await plugin.probe?.(config, host);
    if (absent !== undefined) return { ...nothing, absent };
    instance = plugin.open(config, { host, warn });
    const out = createScrapeOutput(plugin, { warn });
    let durationMs = 0;
    for (let scrape = 0; scrape < scrapes; scrape++) {
      if (scrape > 0) await sleep(betweenMs);
      out.begin();
      const began = performance.now();
      await scrapeWithin(limitMs, (signal) => instance?.scrape(out, signal));
      durationMs = performance.now() - began;
      if (durationMs > limitMs)
        warn(`it took ${Math.round(durationMs)} ms; the agent takes no samples after ${limitMs} ms`);
    }
    const samples = out.seriesList.flatMap(({ name, labels }, handle) => {
      if (out.present[handle] !== 1) return [];
      const { kind = 'gauge', unit = '' } = out.metricOf(name) ?? {};
      return [{ name, labels, kind, unit, value: out.values[handle] ?? Number.NaN }];
    });
    return { ...nothing, samples, durationMs };
  } catch (error) {
    return { ...nothing, error: describeError(error) };
  } finally {
    await instance?.close?.();
  }
}

async function scrapeWithin(ms: number, scrape: (signal: AbortSignal) => void | Promise<void>): Promise<void> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      abort.abort();
      reject(new Error(`no answer within ${ms} ms`));
    }, ms);
  });
  const scraping = (async () => scrape(abort.signal))();
  // It may still fail some day; nobody waits for that any more.
  scraping.catch(() => {});
  try {
    await Promise.race([scraping, late]);
  } finally {
    clearTimeout(timer);
  }
}
