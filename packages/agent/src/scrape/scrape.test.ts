import { setTimeout as sleep } from 'node:timers/promises';
import { createHost, definePlugin, type PluginInstance, type ScrapeOutput } from '@tarsier/plugins';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from './clock.ts';
import { createScraper, scrapeAll } from './scrape.ts';
import { recordingLog } from '../testing.ts';

interface Pace {
  readonly intervalMs?: number;
  readonly background?: boolean;
  readonly maxSeries?: number;
}

/** A scraper, one tick of it at a given second, and the clock that its limits go by, which can be moved. */
function scraperOf(scrape: PluginInstance['scrape'], pace: Pace = {}, close?: () => Promise<void>) {
  const { log, lines } = recordingLog();
  let opened = 0;
  let movedMs = 0;
  let timers = 0;
  const plugin = definePlugin({
    name: 'test',
    summary: 'A plugin of a test.',
    ...pace,
    config: z.object({}),
    metrics: { test_value: { kind: 'gauge', unit: '', help: 'A value.' } },
    create: () => {
      opened++;
      return close === undefined ? { scrape } : { scrape, close };
    },
  });
  const clock = {
    monotonic: () => performance.now() + movedMs,
    after(ms: number, run: () => void) {
      timers++;
      return systemClock.after(ms, run);
    },
  };
  const host = createHost();
  const scraper = createScraper({ plugin, config: {}, host, intervalMs: 1000, timeoutMs: 50, clock, log });
  onTestFinished(async () => {
    await scraper.close();
    host.close();
  });
  return {
    scraper,
    logged: lines,
    opened: () => opened,
    timers: () => timers,
    move(ms: number): void {
      movedMs += ms;
    },
    tick: async (second: number) => (await scrapeAll([scraper], second * 1000, 50, clock)).length === 1,
  };
}

test('a plugin that throws costs its own samples alone, is told of once, and comes back', async () => {
  let broken = true;
  const { tick, logged } = scraperOf((out) => {
    if (broken) throw new Error('no such file');
    out.gauge('test_value', 1);
  });
  const results: boolean[] = [];
  for (let second = 1; second <= 10; second++) results.push(await tick(second));
  expect(results).not.toContain(true);
  broken = false;
  for (let second = 11; second <= 40; second++) results.push(await tick(second));
  expect(results.at(-1)).toBe(true);
  expect(logged.map((line) => line.replace(/^\S+ /u, '')).filter((line) => !line.includes('begun anew'))).toEqual([
    'warn  a plugin failed plugin="test" why="no such file"',
    'info  a plugin works again plugin="test"',
  ]);
});

test('a plugin that hangs is given up in time, told to stop, and not asked again until it answers', async () => {
  let release = (): void => {};
  let aborted = false;
  let calls = 0;
  const { scraper, tick } = scraperOf((out, signal) => {
    calls++;
    signal.addEventListener('abort', () => (aborted = true));
    out.gauge('test_value', 1);
    return calls > 1 ? Promise.resolve() : new Promise((resolve) => (release = resolve));
  });
  expect(await tick(1)).toBe(false);
  expect([aborted, scraper.stats.timeouts]).toEqual([true, 1]);
  for (let second = 2; second < 6; second++) expect(await tick(second)).toBe(false);
  expect(calls).toBe(1);
  release();
  await sleep(0);
  const later: boolean[] = [];
  for (let second = 6; second < 10; second++) later.push(await tick(second));
  expect(later).toContain(true);
});

test('a plugin with an interval of its own is asked at its multiples, and once at the start', async () => {
  const { scraper, tick, timers } = scraperOf((out) => out.gauge('test_value', 1), { intervalMs: 5000 });
  const asked: number[] = [];
  for (let second = 3; second <= 16; second++) if (await tick(second)) asked.push(second);
  expect(asked).toEqual([3, 5, 10, 15]);
  // Slowed down, it is asked at multiples of the longer interval.
  scraper.slowdown = 4;
  for (let second = 17; second <= 45; second++) if (await tick(second)) asked.push(second);
  expect(asked.slice(4)).toEqual([20, 40]);
  // What answers at once needs no timer.
  expect(timers()).toBe(0);
});

test('a metric that the plugin did not declare, or of the wrong kind, is its failure', async () => {
  const { tick, logged } = scraperOf((out) => out.counter('test_value', 1));
  expect(await tick(1)).toBe(false);
  await sleep(0);
  expect(logged[0]).toContain('test_value: expected a gauge, got a counter');
});

test('ticks do not wait for a background plugin, and its samples come with the first tick after it has ended', async () => {
  let finish = (): void => {};
  const { tick } = scraperOf(
    (out) => {
      out.gauge('test_value', 1);
      return new Promise((resolve) => (finish = resolve));
    },
    { intervalMs: 5000, background: true },
  );
  const asked: boolean[] = [];
  for (let second = 5; second <= 7; second++) asked.push(await tick(second));
  finish();
  await sleep(0);
  for (let second = 8; second <= 9; second++) asked.push(await tick(second));
  expect(asked).toEqual([false, false, false, true, false]);
});

test('a plugin that fails again and again is closed and opened anew, less and less often', async () => {
  let closed = 0;
  const { scraper, tick, opened, logged } = scraperOf(
    () => {
      throw new Error('its state is broken');
    },
    {},
    async () => void closed++,
  );
  for (let second = 1; second <= 400; second++) await tick(second);
  expect(opened()).toBe(scraper.stats.restarts + 1);
  expect([closed, scraper.stats.restarts]).toEqual([3, 3]);
  expect(scraper.stats.failures).toBeLessThan(20);
  expect(logged.filter((line) => line.includes('begun anew'))).toHaveLength(3);
});

test('a plugin that never answers is begun anew after a minute, and what it was can do no harm any more', async () => {
  const outputs: ScrapeOutput[] = [];
  const { scraper, tick, opened, move } = scraperOf((out) => {
    outputs.push(out);
    if (outputs.length === 1) return new Promise(() => {});
    out.gauge('test_value', 2);
    return undefined;
  });
  expect(await tick(1)).toBe(false);
  move(61_000);
  const later: boolean[] = [];
  for (let second = 62; second < 68; second++) {
    later.push(await tick(second));
    // The hung one wakes up and writes.
    outputs[0]?.gauge('test_value', -1);
  }
  expect(later).toContain(true);
  expect([opened(), scraper.stats.timeouts, scraper.stats.restarts]).toEqual([2, 1, 1]);
  expect(scraper.samples.values[0]).toBe(2);
});

test('a plugin that keeps everything else waiting is named, and asked less and less often', async () => {
  const { scraper, tick, logged } = scraperOf((out) => {
    const until = performance.now() + 60;
    while (performance.now() < until);
    out.gauge('test_value', 1);
  });
  const results: boolean[] = [];
  for (let second = 1; second <= 9; second++) results.push(await tick(second));
  expect(results).not.toContain(true);
  expect(scraper.stats.timeouts).toBe(3);
  expect(scraper.stats.busySeconds).toBeGreaterThan(0.1);
  expect(logged.filter((line) => line.includes('it kept everything else waiting for'))).toHaveLength(1);
});

test('a plugin that does not close is not waited for', async () => {
  const { scraper } = scraperOf(
    (out) => out.gauge('test_value', 1),
    {},
    () => new Promise(() => {}),
  );
  const closed = scraper.close().then(() => 'closed');
  expect(await closed).toBe('closed');
});

test('a plugin that has no room for new series gets it once most of the old ones are gone', async () => {
  let generation = 0;
  const { scraper, tick, move, logged } = scraperOf(
    (out) => {
      for (let one = 0; one < 6; one++) out.gauge('test_value', 1, { pod: `${generation}-${one}` });
    },
    { maxSeries: 10 },
  );
  for (generation = 0; generation < 3; generation++) await tick(1 + generation);
  expect([scraper.samples.seriesList.length, scraper.samples.dropped]).toEqual([10, 8]);
  expect(logged.filter((line) => line.includes('the first one left out is test_value{pod="1-4"}'))).toHaveLength(1);
  move(601_000);
  for (let second = 10; second < 14; second++) await tick(second);
  expect([scraper.samples.seriesList.length, scraper.samples.dropped]).toEqual([6, 0]);
});
