import { expect, test } from 'vitest';
import { fixtureHosts, openPlugin } from '../testing.ts';
import { eachInterface } from './net-dev.ts';
import { network } from './network.ts';

const headings =
  'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';

function line(name: string, receivedBytes: number, sentBytes = 0): string {
  return `${name}: ${receivedBytes} 1 0 0 0 0 0 0 ${sentBytes} 1 0 0 0 0 0 0\n`;
}

/** A host whose /proc/net/dev can be changed, a second later each time it is scraped. */
function changingHost(links: Readonly<Record<string, string>> = {}) {
  const [captured] = fixtureHosts(new URL('testdata/two-interfaces/', import.meta.url));
  if (captured === undefined) throw new Error('no captured files');
  let now = 0;
  let text = '';
  const host = {
    ...captured,
    now: () => now,
    readProc: () => headings + text,
    readProcIfThere: () => undefined,
    readSysSlowly: async (path: string) => links[path],
  };
  return {
    host,
    become(lines: string, secondsLater = 1) {
      text = lines;
      now += secondsLater * 1000;
    },
  };
}

test('of 10,000 interfaces those with most traffic are measured, the same ones each second, and the log names the limit', async () => {
  const { host, become } = changingHost();
  const plugin = openPlugin(network, {}, host);
  const all = Array.from({ length: 10_000 }, (_, index) => line(`ppp${index}`, index));
  become(all.join(''));
  const first = Object.keys(await plugin.scrape());
  expect(first.filter((name) => name.startsWith('network_received_bytes_total'))).toHaveLength(60);
  expect(first).toContain('network_received_bytes_total{interface="ppp9999"}');
  // Now others have more: who has series keeps them.
  become(all.map((_, index) => line(`ppp${index}`, 20_000 - index)).join(''), 20);
  const later = await plugin.scrape();
  expect(Object.keys(later).filter((name) => !name.startsWith('network_used_ratio'))).toEqual(first);
  expect(plugin.warnings).toEqual([
    '10000 interfaces, of which maxInterfaces (60) are measured: those with most traffic',
  ]);
});

test('one that goes is no error, and its place is free for another', async () => {
  const { host, become } = changingHost();
  const plugin = openPlugin(network, { maxInterfaces: 1 }, host);
  become(line('eth0', 5) + line('eth1', 4));
  expect(await plugin.scrape()).toHaveProperty('network_received_bytes_total{interface="eth0"}', 5);
  become(line('eth1', 6));
  expect(await plugin.scrape()).toEqual({});
  become(line('eth1', 7), 10);
  expect(await plugin.scrape()).toHaveProperty('network_received_bytes_total{interface="eth1"}', 7);
});

test('the share of a link in use is that of the busier direction, never above 1 and never of a count begun anew', async () => {
  const { host, become } = changingHost({
    'class/net/eth0/speed': '8\n',
    'class/net/eth0/operstate': 'up\n',
    'class/net/eth0/carrier_changes': '2\n',
  });
  const { scrape } = openPlugin(network, {}, host);
  become(line('eth0', 1_000_000, 100));
  expect(await scrape()).toMatchObject({
    'network_up{interface="eth0"}': 1,
    'network_speed_bytes{interface="eth0"}': 1_000_000,
    'network_carrier_changes_total{interface="eth0"}': 2,
  });
  const used = 'network_used_ratio{interface="eth0"}';
  become(line('eth0', 1_250_000, 200));
  expect((await scrape())[used]).toBe(0.25);
  become(line('eth0', 1_250_000, 2 ** 32 - 1));
  expect((await scrape())[used]).toBe(1);
  become(line('eth0', 1_250_000, 77));
  expect((await scrape())[used]).toBeUndefined();
});

test('hostile names come through as labels: UTF-8 as it is, other bytes and control characters marked', async () => {
  const { host, become } = changingHost();
  const names = ['überführung', '\u0001"\\'].map((name) => Buffer.from(name).toString('latin1'));
  become([...names, '\xff\xfe'].map((name, index) => line(name, index + 1)).join(''));
  const samples = await openPlugin(network, {}, host).scrape();
  expect(samples).toMatchObject({
    'network_received_bytes_total{interface="überführung"}': 1,
    'network_received_bytes_total{interface="\uFFFD\\"\\\\"}': 2,
    'network_received_bytes_total{interface="\uFFFD\uFFFD"}': 3,
  });
});

test('a line that is cut off gives the numbers that it has', () => {
  const found: unknown[] = [];
  eachInterface(
    `${headings}  eth0:12 3`,
    () => true,
    (name, [bytes, packets, errors]) => found.push([name, bytes, packets, errors]),
  );
  expect(found).toEqual([['eth0', 12, 3, Number.NaN]]);
});
