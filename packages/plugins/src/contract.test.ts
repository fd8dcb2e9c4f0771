import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { checkContract } from './contract.ts';
import { createHost } from './host/host.ts';
import { definePlugin, type MetricSpec } from './plugin.ts';
import { builtinPlugins } from './registry.ts';
import { createScrapeOutput } from './samples/scrape-output.ts';

test.each(builtinPlugins)('$name keeps to the contract', async (plugin) => {
  const readme = new URL(`./${plugin.name}/README.md`, import.meta.url);
  const updateReadme = process.env['UPDATE_README'] === '1';
  expect(await checkContract(plugin, { readme, updateReadme })).toEqual([]);
});

test('what a plugin gets wrong is said in a sentence each', async () => {
  const wrong = (name: string, spec: Partial<MetricSpec>, value: number) =>
    definePlugin({
      name: 'wrong',
      summary: 'A plugin of a test.',
      config: z.object({ path: z.string().default('/') }),
      metrics: { [name]: { kind: 'gauge', unit: '', help: 'A value.', ...spec } },
      create: () => ({ scrape: (out) => out.set(out.series(name), value) }),
    });
  expect(await checkContract(wrong('disk_total', { help: 'disk' }, 1))).toEqual([
    'disk_total: expected counters, and they alone, to end in _total; it is a gauge',
    'disk_total: expected help to be a sentence, got "disk"',
    'config.path: expected a description',
  ]);
  expect(await checkContract(wrong('disk_used_ratio', { unit: 'ratio' }, 1.5))).toContain(
    'disk_used_ratio: expected a ratio from 0 to 1, got 1.5',
  );
  expect(await checkContract(wrong('disk', { unit: 'bytes' }, Number.NaN))).toContain(
    'disk: expected the name to end in its unit, _bytes',
  );
});

test('together they measure at least two hundred series of this host', async () => {
  const host = createHost();
  let series = 0;
  for (const plugin of builtinPlugins) {
    if ((await plugin.probe?.({}, host)) !== undefined) continue;
    const instance = plugin.open({}, { host, warn() {} });
    const out = createScrapeOutput(plugin);
    for (let tick = 0; tick < 2; tick++) {
      await instance.scrape(out, AbortSignal.timeout(10_000));
      await sleep(20);
    }
    series += out.seriesList.length;
  }
  host.close();
  expect(series).toBeGreaterThanOrEqual(200);
});
