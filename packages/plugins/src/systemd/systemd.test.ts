import { expect, test } from 'vitest';
import { collect, fixtureHosts, openPlugin } from '../testing.ts';
import { systemd } from './systemd.ts';

const captured = new URL('testdata/user-manager/', import.meta.url);

test('units of the settings have series whether they run, rest, fail or are not there', async () => {
  const config = { units: ['good.*', 'flapping@*', 'broken.service', 'gone.service'] };
  const [samples] = await collect(systemd, fixtureHosts(captured), config);
  expect(samples).toMatchObject({
    'systemd_unit_active{unit="good.service"}': 1,
    'systemd_unit_active{unit="good.timer"}': 1,
    'systemd_unit_active{unit="flapping@a.service"}': 0,
    'systemd_unit_active{unit="broken.service"}': 0,
    'systemd_unit_failed{unit="broken.service"}': 1,
    'systemd_unit_active{unit="gone.service"}': 0,
    'systemd_unit_restarts_total{unit="good.service"}': 0,
    'systemd_unit_restarts_total{unit="flapping@a.service"}': 3,
  });
});

test('a failed unit is told of until it works again or is reset', async () => {
  const [host] = fixtureHosts(captured);
  if (host === undefined) throw new Error('no captured files');
  const failed = 'systemd_unit_failed{unit="broken.service"}';
  let change = (list: string): string => list;
  const { scrape } = openPlugin(
    systemd,
    { restarts: false },
    {
      ...host,
      run: async (...asked) => {
        const result = await host.run(...asked);
        return { ...result, stdout: change(result.stdout) };
      },
    },
  );
  expect((await scrape())[failed]).toBe(1);
  change = (list) => list.replace('loaded failed     failed       broken', 'loaded active     running      broken');
  expect((await scrape())[failed]).toBe(0);
  change = (list) => list.replace(/^broken\.service.*\n/mu, '');
  expect((await scrape())[failed]).toBe(0);
});

test('of thousands of failed units maxUnits have series, and the log says so once', async () => {
  const [host] = fixtureHosts(captured);
  if (host === undefined) throw new Error('no captured files');
  const stdout = Array.from({ length: 3000 }, (_, job) => `job-${job}.service loaded failed failed A job\n`).join('');
  const plugin = openPlugin(
    systemd,
    { restarts: false },
    { ...host, run: async () => ({ exitCode: 0, stdout, stderr: '' }) },
  );
  await plugin.scrape();
  const samples = await plugin.scrape();
  expect(samples['systemd_units{state="failed"}']).toBe(3000);
  expect(Object.keys(samples).filter((name) => name.startsWith('systemd_unit_failed'))).toHaveLength(100);
  expect(plugin.warnings).toEqual(['job-100.service has no series of its own: maxUnits (100) have some already']);
});

test('when systemctl fails, its own words are the reason', async () => {
  const [host] = fixtureHosts(captured);
  if (host === undefined) throw new Error('no captured files');
  const stderr = "System has not been booted with systemd as init system (PID 1). Can't operate.\n";
  const { scrape } = openPlugin(systemd, {}, { ...host, run: async () => ({ exitCode: 1, stdout: '', stderr }) });
  await expect(scrape()).rejects.toThrow(/^systemctl list-units ended with 1: System has not been booted/u);
});
