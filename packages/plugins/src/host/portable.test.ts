import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createHost } from './host.ts';
import { builtinPlugins } from '../registry.ts';
import { createScrapeOutput } from '../samples/scrape-output.ts';

test('where there is no /proc the plugins measure what the platform tells, and none fails', async () => {
  const host = createHost({ procRoot: '/no/such/folder', sysRoot: '/no/such/folder' });
  expect(host.hasProc).toBe(false);
  const samples = new Map<string, number>();
  for (const plugin of builtinPlugins) {
    if ((await plugin.probe?.({}, host)) !== undefined) continue;
    const instance = plugin.open({}, { host, warn() {} });
    const out = createScrapeOutput(plugin);
    for (let tick = 0; tick < 2; tick++) {
      out.begin();
      await instance.scrape(out, AbortSignal.timeout(30_000));
      // Shares of CPU time need some time to have passed.
      await sleep(150);
    }
    for (const [handle, { name }] of out.seriesList.entries()) samples.set(name, out.values[handle] ?? Number.NaN);
  }
  host.close();
  for (const name of [
    'cpu_busy_ratio',
    'cpu_usage_ratio',
    'memory_used_ratio',
    'load_average',
    'disk_used_ratio',
    'network_received_bytes_total',
    'system_uptime_seconds',
  ]) {
    expect(samples.get(name), name).toBeGreaterThanOrEqual(0);
  }
  expect(samples.get('memory_total_bytes')).toBeGreaterThan(100e6);
});

test('what the host is comes once, in labels', () => {
  const host = createHost();
  const facts = host.portable.facts();
  host.close();
  expect(facts.os).toBe(process.platform);
  expect(facts.cores).toBeGreaterThan(0);
  expect(facts.cpuModel).not.toBe('');
});
