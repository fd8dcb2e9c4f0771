import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { openPlugin } from '../testing.ts';
import { dns } from './dns.ts';

const typeA = 1;
const noSuchName = 3;
const refused = 5;

/** A name server as in RFC 1035: each name has the addresses that it is given, or a code of refusal; or no answer. */
async function serveNames(zone: Readonly<Record<string, readonly string[] | number>>): Promise<string> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const question = query.subarray(12, at + 5);
    const found = zone[labels.join('.').toLowerCase()];
    if (found === undefined) return;
    const addresses = typeof found === 'number' ? [] : found;
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (typeof found === 'number' ? found : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const records = addresses.map((one) =>
      Buffer.from([0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4, ...one.split('.').map(Number)]),
    );
    socket.send(Buffer.concat([header, question, ...records]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${socket.address().port}`;
}

test('an answer as expected is up, with its time and how many records came', async () => {
  const server = await serveNames({ 'shop.example': ['192.0.2.1', '192.0.2.2'] });
  const { scrape, warnings } = openPlugin(dns, {
    targets: [{ query: 'shop.example', server, expect: ['192.0.2.2'] }],
  });
  const samples = await scrape();
  const name = `shop.example A @${server}`;
  expect(warnings).toEqual([]);
  expect(samples).toMatchObject({ [`dns_check_up{name="${name}"}`]: 1, [`dns_check_answers{name="${name}"}`]: 2 });
  expect(samples[`dns_check_duration_seconds{name="${name}"}`]).toBeGreaterThan(0);
});

test('no name, no record, refusal, silence and other values are told apart', async () => {
  const server = await serveNames({ moved: ['192.0.2.9'], none: noSuchName, empty: [], mine: refused });
  const { scrape, warnings } = openPlugin(dns, {
    timeoutMs: 1_000,
    targets: ['moved', 'none', 'empty', 'mine', 'silent'].map((query) => ({
      name: query,
      query,
      server,
      expect: ['192.0.2.1'],
    })),
  });
  const samples = await scrape();
  expect(samples).toMatchObject({
    'dns_check_up{name="moved"}': 0,
    'dns_check_answers{name="moved"}': 1,
    'dns_check_failures_total{name="moved",reason="answer"}': 1,
    'dns_check_failures_total{name="none",reason="name"}': 1,
    'dns_check_failures_total{name="empty",reason="empty"}': 1,
    'dns_check_failures_total{name="mine",reason="refused"}': 1,
    'dns_check_failures_total{name="silent",reason="timeout"}': 1,
  });
  expect(warnings).toContain('moved: expected 192.0.2.1, got 192.0.2.9');
});

test('a server has to be an address', () => {
  const open = (server: string) => () => openPlugin(dns, { targets: [{ query: 'a.example', server }] });
  expect(open('ns.example')).toThrow(/^dns\.targets\.0\.server: expected an address/u);
  expect(open('192.0.2.1:99999')).toThrow(/expected an address/u);
  for (const server of ['192.0.2.1', '192.0.2.1:53', '2001:db8::1', '[2001:db8::1]:53'])
    expect(open(server)).not.toThrow();
});
