import { createSocket } from 'node:dgram';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { openPlugin } from '../testing.ts';
import { parseTracking } from './chrony.ts';
import { timesync } from './timesync.ts';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step();
});

/** Seconds from 1900 to 1970. */
const epochSeconds = 2_208_988_800;

interface Behaviour {
  /** How far its clock is ahead of this host's, seconds. */
  readonly aheadSeconds?: number;
  readonly change?: (answer: Buffer) => void;
  /** Sends something else first. */
  readonly before?: (question: Buffer) => Buffer;
}

/** A time server on this host (RFC 5905). */
async function timeServer({ aheadSeconds = 0, change, before }: Behaviour = {}): Promise<string> {
  const socket = createSocket('udp4');
  socket.on('message', (question, { port, address }) => {
    if (before !== undefined) socket.send(before(question), port, address);
    const answer = Buffer.alloc(48);
    answer[0] = 0b00_100_100;
    answer[1] = 2;
    question.copy(answer, 24, 40, 48);
    const seconds = Date.now() / 1000 + epochSeconds + aheadSeconds;
    for (const at of [32, 40]) {
      answer.writeUInt32BE(Math.floor(seconds) % 2 ** 32, at);
      answer.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), at + 4);
    }
    change?.(answer);
    socket.send(answer, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  undo.push(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

async function compare(server: string) {
  const host = createHost();
  undo.push(() => host.close());
  const plugin = openPlugin(timesync, { servers: [server] }, host);
  const samples = await plugin.scrape();
  await turn();
  const of = (metric: string): number => samples[`timesync_server_${metric}{server="${server}"}`] ?? Number.NaN;
  return { of, warnings: plugin.warnings };
}

test.each([
  [0, 'right'],
  [-12.5, 'fast'],
  [12.5, 'slow'],
  // Past 2036, where the 32 bits of seconds begin anew.
  [400_000_000, 'years behind'],
])('a clock that a server is %d s ahead of is %s', async (aheadSeconds) => {
  const { of, warnings } = await compare(await timeServer({ aheadSeconds }));
  expect(of('up')).toBe(1);
  expect(of('stratum')).toBe(2);
  expect(of('round_trip_seconds')).toBeGreaterThanOrEqual(0);
  // Within the way there and back, and a millisecond of the clock.
  expect(Math.abs(of('offset_seconds') + aheadSeconds)).toBeLessThan(0.005 + of('round_trip_seconds'));
  expect(warnings).toEqual([]);
});

test('an answer that is not to our question is not believed', async () => {
  const forged = (): Buffer => {
    const answer = Buffer.alloc(48, 7);
    answer[0] = 0b00_100_100;
    answer[1] = 1;
    return answer;
  };
  const { of } = await compare(await timeServer({ before: forged }));
  expect(Math.abs(of('offset_seconds'))).toBeLessThan(60);
  expect(of('stratum')).toBe(2);
});

test.each<[string, (answer: Buffer) => void, string]>([
  ['refuses', (answer) => answer.fill(0, 1, 2).write('RATE', 12, 'latin1'), 'it refuses: RATE'],
  ['is not synchronized', (answer) => (answer[0] = 0b11_100_100), 'it is not synchronized itself'],
  ['is no server', (answer) => (answer[0] = 0b00_100_001), 'expected an answer of mode 4, got 1'],
])('a server that %s is down, and the log says why', async (_, change, why) => {
  const server = await timeServer({ change });
  const { of, warnings } = await compare(server);
  expect(of('up')).toBe(0);
  expect(of('offset_seconds')).toBeNaN();
  expect(warnings).toEqual([`the time server ${server} does not answer: ${why}`]);
});

test('a server that is not there is down', async () => {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const server = `127.0.0.1:${socket.address().port}`;
  await new Promise<void>((resolve) => void socket.close(resolve));
  expect((await compare(server)).of('up')).toBe(0);
});

test('of chrony and systemd-timesyncd it tells whether the clock is right, and how wrong it may be', async () => {
  const host = createHost();
  undo.push(() => host.close());
  const modifiedAt = host.clock() - 90_000;
  const there = ['/run/chrony/chronyd.sock', '/run/systemd/timesync', '/run/systemd/timesync/synchronized'];
  const { scrape } = openPlugin(
    timesync,
    {},
    {
      ...host,
      files: {
        ...host.files,
        stat: async (path) => (there.includes(path) ? { bytes: 0, modifiedAt, isFolder: false, id: path } : undefined),
      },
      run: async () => ({
        exitCode: 0,
        stderr: '',
        stdout:
          'A29FC801,162.159.200.1,4,1795579290.985219876,-0.000123456,0.000012,0.000034,-14.208,0.001,0.05,0.004,0.001,64.2,Normal\n',
      }),
    },
  );
  expect(await scrape()).toMatchObject({
    'timesync_synchronized{source="chrony"}': 1,
    'timesync_offset_seconds{source="chrony"}': 0.000123456,
    'timesync_root_distance_seconds{source="chrony"}': 0.003,
    'timesync_stratum{source="chrony"}': 4,
    'timesync_frequency_ppm{source="chrony"}': -14.208,
    'timesync_synchronized{source="timesyncd"}': 1,
    'timesync_last_sync_age_seconds{source="timesyncd"}': 90,
  });
});

test('chrony without a source is not synchronized; a chrony that does not answer says nothing', () => {
  // As chronyc 4.3 prints it.
  const captured =
    '7F7F0101,,5,1795579290.985219876,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,0.000000000,0.0,Normal\n';
  expect(parseTracking(captured)).toEqual({
    offsetSeconds: 0,
    stratum: 5,
    rootDistanceSeconds: 0,
    frequencyPpm: 0,
    isSynchronized: true,
  });
  expect(parseTracking(captured.replace('Normal', 'Not synchronised'))?.isSynchronized).toBe(false);
  expect(parseTracking('506 Cannot talk to daemon\n')).toBeUndefined();
});

test.each(['a b', '', 'host:port', '[::1'])('%j is no time server', (server) => {
  expect(() => timesync.checkConfig({ servers: [server] })).toThrow(
    expect.objectContaining({ field: 'timesync.servers.0' }),
  );
});
