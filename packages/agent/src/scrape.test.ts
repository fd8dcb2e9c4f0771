import { setTimeout as sleep } from 'node:timers/promises';
import { createHost, definePlugin, type ScrapeOutput } from '@tarsier/plugins';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createLog } from './log.ts';
import { createScraper } from './scrape.ts';

function scraperOf(
  scrape: (out: ScrapeOutput, signal: AbortSignal) => void | Promise<void>,
  pace: { readonly intervalMs?: number; readonly background?: boolean } = {},
) {
  const logged: string[] = [];
  const plugin = definePlugin({
    name: 'test',
    summary: 'A plugin of a test.',
    ...pace,
    config: z.object({}),
    metrics: { test_value: { kind: 'gauge', unit: '', help: 'A value.' } },
    create: () => ({ scrape }),
  });
  const log = createLog({ level: 'info', format: 'text', write: (line) => logged.push(line) });
  const scraper = createScraper({ plugin, config: {}, host: createHost(), intervalMs: 1000, timeoutMs: 50, log });
  return { scraper, logged };
}

test('a plugin that throws costs its own samples alone, is told of once, and comes back', async () => {
  let broken = true;
  const { scraper, logged } = scraperOf((out) => {
    if (broken) throw new Error('no such file');
    out.gauge('test_value', 1);
  });
  const results: boolean[] = [];
  for (let second = 1; second <= 10; second++) results.push(await scraper.scrape(second * 1000));
  expect(results).not.toContain(true);
  broken = false;
  for (let second = 11; second <= 40; second++) results.push(await scraper.scrape(second * 1000));
  expect(results.at(-1)).toBe(true);
  expect(logged.map((line) => line.replace(/^\S+ /u, ''))).toEqual([
    'warn  a plugin failed plugin="test" why="no such file"',
    'info  a plugin works again plugin="test"',
  ]);
});

test('a plugin that hangs is given up in time, told to stop, and not asked again until it answers', async () => {
  let release = (): void => {};
  let aborted = false;
  let calls = 0;
  const { scraper } = scraperOf((out, signal) => {
    calls++;
    signal.addEventListener('abort', () => (aborted = true));
    out.gauge('test_value', 1);
    return calls > 1 ? Promise.resolve() : new Promise((resolve) => (release = resolve));
  });
  expect(await scraper.scrape(1000)).toBe(false);
  expect([aborted, scraper.stats.timeouts]).toEqual([true, 1]);
  for (let second = 2; second < 6; second++) expect(await scraper.scrape(second * 1000)).toBe(false);
  expect(calls).toBe(1);
  release();
  await sleep(0);
  const later: boolean[] = [];
  for (let second = 6; second < 10; second++) later.push(await scraper.scrape(second * 1000));
  expect(later).toContain(true);
});

test('a plugin with an interval of its own is asked at its multiples, and once at the start', async () => {
  const { scraper } = scraperOf((out) => out.gauge('test_value', 1), { intervalMs: 5000 });
  const asked: number[] = [];
  for (let second = 3; second <= 16; second++) if (await scraper.scrape(second * 1000)) asked.push(second);
  expect(asked).toEqual([3, 5, 10, 15]);
});

test('a metric that the plugin did not declare, or of the wrong kind, is its failure', async () => {
  const { scraper, logged } = scraperOf((out) => out.counter('test_value', 1));
  expect(await scraper.scrape(1000)).toBe(false);
  expect(logged[0]).toContain('test_value: expected a gauge, got a counter');
});

test('ticks do not wait for a background plugin, and its samples come with the first tick after it has ended', async () => {
  let finish = (): void => {};
  const { scraper } = scraperOf(
    (out) => {
      out.gauge('test_value', 1);
      return new Promise((resolve) => (finish = resolve));
    },
    { intervalMs: 5000, background: true },
  );
  const asked: boolean[] = [];
  for (let second = 5; second <= 7; second++) asked.push(await scraper.scrape(second * 1000));
  finish();
  await sleep(0);
  for (let second = 8; second <= 9; second++) asked.push(await scraper.scrape(second * 1000));
  expect(asked).toEqual([false, false, false, true, false]);
});
