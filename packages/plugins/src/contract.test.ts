import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMetricName } from '@tarsier/protocol';
import { describe, expect, test } from 'vitest';
import { createHost } from './host.ts';
import { withTables } from './readme.ts';
import { builtinPlugins } from './registry.ts';
import { createScrapeOutput } from './scrape-output.ts';

describe.each(builtinPlugins)('$name', (plugin) => {
  test('names its metrics as OpenMetrics does, and says what each means', () => {
    for (const [name, { kind, unit, help }] of Object.entries(plugin.metrics)) {
      expect(isMetricName(name), name).toBe(true);
      expect(name.endsWith('_total'), `${name} is a ${kind}`).toBe(kind === 'counter');
      if (unit !== '') expect(name.replace(/_total$/u, ''), name).toMatch(new RegExp(`_${unit}$`, 'u'));
      expect(help, name).toMatch(/^[A-Z].*\.$/u);
    }
  });

  test('works without any setting, and says which one is wrong', () => {
    expect(plugin.config.safeParse({}).success).toBe(true);
    const [option] = Object.keys(plugin.config.shape);
    if (option === undefined) return;
    const host = createHost();
    expect(() => plugin.open({ [option]: { no: 'such value' } }, { host, warn() {} })).toThrow(
      expect.objectContaining({ code: 'plugin/config', field: expect.stringContaining(`${plugin.name}.${option}`) }),
    );
    host.close();
  });

  test('measures this very host, the same series at every scrape, within bounds, or says why it can not', async () => {
    const host = createHost();
    const absent = await plugin.probe?.({}, host);
    if (absent !== undefined) {
      host.close();
      // The agent logs it as "a plugin has nothing to measure: …".
      expect(absent).toMatch(/^[^A-Z\n][^\n]+[^.]$/u);
      return;
    }
    const instance = plugin.open({}, { host, warn() {} });
    const out = createScrapeOutput(plugin);
    const counts: number[] = [];
    for (let tick = 0; tick < 3; tick++) {
      out.begin();
      await instance.scrape(out, AbortSignal.timeout(10_000));
      counts.push(out.seriesList.length);
      await sleep(50);
    }
    await instance.close?.();
    host.close();
    expect(counts[2]).toBeGreaterThan(0);
    expect(counts[2]).toBeLessThan(1000);
    expect(out.dropped).toBe(0);
    for (const [handle, { name }] of out.seriesList.entries()) {
      if (plugin.metrics[name]?.unit === 'ratio') expect(out.values[handle], name).toBeLessThanOrEqual(1);
      expect(out.values[handle], name).toBeGreaterThanOrEqual(0);
    }
  });

  test('has a README whose tables say what the code does', () => {
    const file = new URL(`./${plugin.name}/README.md`, import.meta.url);
    const readme = readFileSync(file, 'utf8');
    const expected = withTables(readme, plugin);
    if (process.env['UPDATE_README'] === '1' && expected !== undefined) writeFileSync(file, expected);
    else expect(readme).toBe(expected);
  });
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
