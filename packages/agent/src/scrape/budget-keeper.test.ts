import { definePlugin } from '@tarsier/plugins';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createBudgetKeeper } from './budget.ts';
import { recordingLog } from '../testing.ts';

test('an agent over its budget says which plugin it slows down, and again when it speeds it up', () => {
  const { log, lines } = recordingLog();
  let seconds = 0;
  let cpuSeconds = 0;
  const plugin = definePlugin({
    name: 'dear',
    summary: 'A plugin of a test.',
    config: z.object({}),
    metrics: {},
    create: () => ({ scrape() {} }),
  });
  const stats = { up: true, durationSeconds: 0, busySeconds: 0, failures: 0, timeouts: 0, restarts: 0 };
  const scraper = {
    plugin,
    stats,
    slowdown: 1,
    get intervalMs() {
      return 1000 * this.slowdown;
    },
  };
  const keeper = createBudgetKeeper({ usage: () => ({ cpuSeconds }), clock: { monotonic: () => seconds * 1000 }, log });
  const run = (until: number, cost: number): void => {
    for (; seconds < until; seconds++) {
      const spent = cost / scraper.slowdown;
      stats.busySeconds += spent;
      cpuSeconds += spent;
      keeper.check([scraper], 0.01);
    }
  };
  // What starting costs does not count.
  run(30, 0.2);
  expect(scraper.slowdown).toBe(1);
  run(150, 0.03);
  expect(scraper.slowdown).toBe(4);
  expect(keeper.used).toBeLessThan(0.01);
  run(400, 0.001);
  expect(scraper.slowdown).toBe(1);
  expect(lines.map((line) => line.replace(/^\S+ warn {2}/u, ''))).toEqual([
    'over the CPU budget: the dearest plugin is asked less often plugin="dear" everyMs=4000 pluginPercent=3 agentPercent=3 budgetPercent=1',
    'a plugin is asked more often again plugin="dear" everyMs=2000 pluginPercent=0.03 agentPercent=0.03 budgetPercent=1',
    'a plugin is asked more often again plugin="dear" everyMs=1000 pluginPercent=0.05 agentPercent=0.05 budgetPercent=1',
  ]);
});
