import { expect, test } from 'vitest';
import { collect, fixtureHosts, openPlugin } from '../testing.ts';
import { smart } from './smart.ts';

const written = new URL('testdata/three-disks/', import.meta.url);

test('a disk that can not be asked does not hide the others, and the log says why once', async () => {
  const [host] = fixtureHosts(written);
  if (host === undefined) throw new Error('no captured files');
  const asleep = '{"smartctl":{"exit_status":2,"messages":[{"string":"Device is in STANDBY mode, exit(2)"}]}}';
  const plugin = openPlugin(
    smart,
    { enabled: true },
    {
      ...host,
      run: async (command, args, options) =>
        args.includes('/dev/sda') ? { exitCode: 2, stdout: asleep, stderr: '' } : host.run(command, args, options),
    },
  );
  await plugin.scrape();
  const samples = await plugin.scrape();
  expect(samples['smart_healthy{device="/dev/nvme0"}']).toBe(0);
  expect(samples['smart_healthy{device="/dev/sda"}']).toBeUndefined();
  expect(plugin.warnings).toEqual(['/dev/sda can not be asked: Device is in STANDBY mode, exit(2)']);
});

test('disks of the settings are asked as they are written there', async () => {
  const [samples] = await collect(smart, fixtureHosts(written), { devices: ['/dev/bus/0 -d megaraid,0'] });
  expect(samples).toMatchObject({ 'smart_healthy{device="/dev/bus/0 megaraid,0"}': 1 });
});

test('it is off until somebody switches it on, and says so', async () => {
  const [host] = fixtureHosts(written);
  if (host === undefined) throw new Error('no captured files');
  expect(await smart.probe?.({}, host)).toBe('it is off unless enabled is true');
  expect(await smart.probe?.({ enabled: true, command: ['/no/such/smartctl'] }, host)).toBe(
    '/no/such/smartctl is not installed',
  );
});
