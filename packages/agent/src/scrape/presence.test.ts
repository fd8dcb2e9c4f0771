import { setImmediate as turn } from 'node:timers/promises';
import { createHost, definePlugin } from '@tarsier/plugins';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createLog } from '../log.ts';
import { systemClock } from './clock.ts';
import { createScraper } from './scrape.ts';

const minuteMs = 60_000;

/** A plugin on a host whose fan may be pulled out. */
function fanScraper() {
  const fan = { there: true, asked: 0, scraped: 0 };
  const logged: string[] = [];
  const plugin = definePlugin({
    name: 'fan',
    summary: 'A plugin of a test.',
    config: z.object({ path: z.string().default('fan1') }),
    metrics: { fan_turns_total: { kind: 'counter', unit: '', help: 'Turns.' } },
    probe({ config }) {
      fan.asked++;
      return fan.there ? undefined : `there is no ${config.path}`;
    },
    create: () => {
      if (!fan.there) throw new Error('it can not be opened');
      return {
        scrape(out) {
          fan.scraped++;
          if (!fan.there) throw new Error('no such file');
          out.counter('fan_turns_total', 1);
        },
      };
    },
  });
  const log = createLog({
    level: 'info',
    format: 'text',
    write: (line) => logged.push(line.replace(/^\S+ +/u, '').trim()),
  });
  const scraper = createScraper({
    plugin,
    config: {},
    host: createHost(),
    intervalMs: 1000,
    clock: systemClock,
    timeoutMs: 50,
    log,
  });
  async function scrape(time: number): Promise<boolean> {
    const took = await scraper.scrape(time);
    await turn();
    return took;
  }
  return { fan, logged, scraper, scrape };
}

test('a plugin with nothing to measure is told of once and not scraped, until a look minutes later finds something', async () => {
  const { fan, logged, scraper, scrape } = fanScraper();
  fan.there = false;
  for (let time = 0; time < 4 * minuteMs; time += 1000) expect(await scrape(time)).toBe(false);
  expect([fan.asked, fan.scraped, scraper.absent]).toEqual([1, 0, 'there is no fan1']);
  fan.there = true;
  const taken: boolean[] = [];
  for (let time = 4 * minuteMs; time < 6 * minuteMs; time += 1000) taken.push(await scrape(time));
  expect(taken.filter(Boolean)).toHaveLength(59);
  expect([fan.asked, scraper.absent]).toEqual([2, undefined]);
  expect(logged).toEqual([
    'info  a plugin has nothing to measure plugin="fan" why="there is no fan1"',
    'info  a plugin has something to measure plugin="fan"',
  ]);
});

test('a plugin whose subject goes away is left out, which is no failure to warn of', async () => {
  const { fan, logged, scraper, scrape } = fanScraper();
  const taken = [await scrape(1000), await scrape(2000)];
  fan.there = false;
  for (let time = 3000; time < 60_000; time += 1000) taken.push(await scrape(time));
  expect(taken.filter(Boolean)).toHaveLength(1);
  expect([fan.scraped, scraper.stats.up, scraper.absent]).toEqual([2, false, 'there is no fan1']);
  expect(logged).toEqual(['info  a plugin has nothing to measure plugin="fan" why="there is no fan1"']);
});
