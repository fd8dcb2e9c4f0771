import { expect, test } from 'vitest';
import { fixtureHosts, openPlugin } from '../testing.ts';
import { netstat } from './netstat.ts';
import { addTcpTable, parseSockstat, tcpStates } from './sockets.ts';

const captured = new URL('testdata/two-cores/', import.meta.url);

test('with more connections than maxConnections they are not listed, and the log says so once', async () => {
  const [host] = fixtureHosts(captured);
  if (host === undefined) throw new Error('no captured files');
  const read: string[] = [];
  const plugin = openPlugin(
    netstat,
    { maxConnections: 30 },
    {
      ...host,
      readProcIfThere(path) {
        read.push(path);
        return host.readProcIfThere(path);
      },
    },
  );
  await plugin.scrape();
  const samples = await plugin.scrape();
  expect(samples['netstat_tcp_sockets']).toBe(20);
  expect(samples['netstat_tcp_connections{state="established"}']).toBeUndefined();
  expect(read).not.toContain('net/tcp');
  expect(plugin.warnings).toEqual(['38 connections are more than maxConnections (30) to count by state']);
});

test('the dearer listing connections is on a host, the less often it is done', async () => {
  const [host] = fixtureHosts(captured);
  if (host === undefined) throw new Error('no captured files');
  let now = 0;
  let listed = 0;
  const { scrape } = openPlugin(
    netstat,
    {},
    {
      ...host,
      now: () => now,
      readProcIfThere(path) {
        if (path === 'net/tcp') {
          listed++;
          now += 10;
        }
        return host.readProcIfThere(path);
      },
    },
  );
  for (let turn = 0; turn < 60; turn++, now += 1000) await scrape();
  expect(listed).toBe(2);
});

test('lines that are cut off, or of states that nobody knows, are left out', () => {
  const totals = { counts: new Float64Array(tcpStates.length), backlog: 0 };
  const line = (state: string): string => `   0: 0100007F:1538 00000000:0000 ${state} 00000000:00000007 00:00000000\n`;
  addTcpTable(
    totals,
    `  sl  local_address\n${line('0A')}${line('01')}${line('7F')}   0: 0100007F\n   1: 0100007F:1538 0000`,
  );
  expect(totals.backlog).toBe(7);
  expect([...totals.counts].reduce((sum, count) => sum + count, 0)).toBe(2);
});

test('what sockstat leaves out is absent', () => {
  expect(parseSockstat('sockets: used 7\nTCP: inuse 1 orphan').get('TCP.orphan')).toBeUndefined();
});
