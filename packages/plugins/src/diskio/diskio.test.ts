import { expect, test } from 'vitest';
import { fixtureHosts, openPlugin } from '../testing.ts';
import { diskio } from './diskio.ts';

/** A host whose /proc/diskstats can be changed, a second later each time it is scraped. */
function changingHost() {
  const [captured] = fixtureHosts(new URL('testdata/one-disk/', import.meta.url));
  if (captured === undefined) throw new Error('no captured files');
  let now = 0;
  let lines: readonly string[] = [];
  const host = {
    ...captured,
    now: () => now,
    readProcIfThere: () => lines.join('\n'),
    listSys: () => lines.map((line) => line.split(' ').find((word) => /^[a-z]/u.test(word)) ?? ''),
  };
  return {
    host,
    become(...text: readonly string[]) {
      lines = text;
      now += 1000;
    },
  };
}

test('counts of 32 bits that wrap, and a disk that comes anew, give no ratio, no latency and no queue', async () => {
  const { host, become } = changingHost();
  const { scrape } = openPlugin(diskio, {}, host);
  const derived = async (): Promise<string[]> =>
    Object.keys(await scrape()).filter((name) => /_(?:ratio|length|latency_seconds)\{/u.test(name));
  become('8 0 sda 100 0 800 4294967290 100 0 800 4294967290 0 4294967290 4294967290');
  expect(await derived()).toEqual([]);
  become('8 0 sda 110 0 880 4 110 0 880 4 0 4 4');
  expect(await derived()).toEqual([]);
  become('8 0 sda 120 0 960 54 120 0 960 104 0 5000 254');
  const samples = await scrape();
  expect(samples).toMatchObject({
    // More than a second of busy time in a second: clocks differ.
    'diskio_busy_ratio{device="sda"}': 1,
    'diskio_queue_length{device="sda"}': 0.25,
    'diskio_read_latency_seconds{device="sda"}': 0.005,
    'diskio_write_latency_seconds{device="sda"}': 0.01,
  });
  become('8 0 sda 1 0 8 1 0 0 0 0 0 1 1');
  expect(await derived()).toEqual([]);
});

test('kernels that count less have fewer series', async () => {
  const { host, become } = changingHost();
  become('8 0 sda 1 0 8 1 1 0 8 1 0 1 1');
  const old = Object.keys(await openPlugin(diskio, {}, host).scrape());
  expect(old.filter((name) => /discard|flush/u.test(name))).toEqual([]);
  expect(old).toHaveLength(11);
});

test('of a thousand disks those with most requests are measured, and the log names the limit', async () => {
  const { host, become } = changingHost();
  const plugin = openPlugin(diskio, { maxDevices: 2 }, host);
  become(...Array.from({ length: 1000 }, (_, index) => `8 ${index} sd${index} ${index} 0 8 1 1 0 8 1 0 1 1`));
  const samples = await plugin.scrape();
  expect(Object.keys(samples).filter((name) => name.startsWith('diskio_reads_total'))).toEqual([
    'diskio_reads_total{device="sd998"}',
    'diskio_reads_total{device="sd999"}',
  ]);
  expect(plugin.warnings).toEqual(['1000 disks, of which maxDevices (2) are measured: those with most requests']);
});
