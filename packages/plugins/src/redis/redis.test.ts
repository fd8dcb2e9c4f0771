import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { freePort, serveTcp, temporaryFolder } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { redis } from './redis.ts';
import { decodeReply, ErrorReply } from './resp.ts';

const captured = (file: string): string => readFileSync(new URL(`testdata/${file}.txt`, import.meta.url), 'utf8');
const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

interface RedisOptions {
  readonly info: string;
  readonly commandstats?: string;
  readonly password?: string;
  /** Reply to SLOWLOG GET 1. */
  readonly slow?: string;
}

/** A server that speaks RESP and answers as a Redis of which INFO was captured. @returns its port */
function serveRedis({ info, commandstats = '', password, slow = '*0\r\n' }: RedisOptions): Promise<number> {
  return serveTcp((socket) => {
    let received = Buffer.alloc(0);
    let known = password === undefined;
    const answerTo = (words: readonly string[]): string => {
      const [command, ...args] = words;
      if (command === 'AUTH') {
        known = args.at(-1) === password;
        return known ? '+OK\r\n' : '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
      }
      if (!known) return '-NOAUTH Authentication required.\r\n';
      if (command === 'PING') return '+PONG\r\n';
      if (command === 'INFO') return bulk(args[0] === 'commandstats' ? commandstats : info);
      return command === 'SLOWLOG' ? slow : `-ERR unknown command '${command}'\r\n`;
    };
    socket.on('data', (piece: Buffer) => {
      received = Buffer.concat([received, piece]);
      for (let asked = decodeReply(received, 0); asked !== undefined; asked = decodeReply(received, 0)) {
        received = received.subarray(asked.end);
        // In two pieces: a reply need not come at once.
        const answer = answerTo(asked.reply as readonly string[]);
        socket.write(answer.slice(0, 7));
        socket.write(answer.slice(7));
      }
    });
  });
}

async function measure(options: RedisOptions, config: object = {}, target: object = {}) {
  const port = await serveRedis(options);
  // Two minutes after the snapshot that the captured server had made.
  const host = { ...createHost(), clock: () => 1_795_579_354_000 + 120_000 };
  const targets = [{ name: 'it', url: `redis://127.0.0.1:${port}`, ...target }];
  const { scrape, warnings } = openPlugin(redis, { ...config, targets }, host);
  return { samples: await scrape(), warnings };
}

test('what a master tells becomes samples', async () => {
  const slow = `*1\r\n*2\r\n:41\r\n${bulk('x')}`;
  const { samples, warnings } = await measure({ info: captured('redis-7.0.15-master'), slow });
  const { 'redis_ping_seconds{name="it"}': ping, ...rest } = samples;
  expect(ping).toBeGreaterThan(0);
  const expected = new URL('testdata/redis-7.0.15-master.expected.json', import.meta.url);
  expect(rest).toEqual(JSON.parse(readFileSync(expected, 'utf8')));
  expect(warnings).toEqual([]);
});

test('a replica tells of its link, and has no replicas of its own', async () => {
  const { samples } = await measure({ info: captured('redis-7.0.15-replica') });
  expect(samples).toMatchObject({
    'redis_info{mode="standalone",name="it",role="replica",version="7.0.15"}': 1,
    'redis_master_link_up{name="it"}': 1,
    'redis_master_silent_seconds{name="it"}': 3,
  });
  expect(Object.keys(samples).filter((series) => series.includes('replica_lag'))).toEqual([]);
});

test('commands are told when asked for', async () => {
  const info = captured('redis-7.0.15-master');
  const commandstats = captured('redis-7.0.15-commandstats');
  const { samples } = await measure({ info, commandstats }, { commands: true });
  expect(samples['redis_command_calls_total{command="set",name="it"}']).toBe(4);
  expect(samples['redis_command_seconds_total{command="set",name="it"}']).toBe(63e-6);
});

test('a password is sent, and a wrong one named as the reason without being shown', async () => {
  const info = captured('redis-7.0.15-master');
  const right = await measure({ info, password: 's3cret' }, {}, { password: 's3cret' });
  expect(right.samples).toMatchObject({ 'redis_up{name="it"}': 1, 'redis_uptime_seconds{name="it"}': 74 });
  const wrong = await measure({ info, password: 's3cret' }, {}, { user: 'me', password: 'wr0ng' });
  expect(wrong.samples).toEqual({ 'redis_up{name="it"}': 0 });
  expect(wrong.warnings[0]).toMatch(/^it: it asks for user and password: set redis\.targets \(WRONGPASS/u);
  expect(wrong.warnings[0]).not.toContain('wr0ng');
});

test('one that is down, and one that is no Redis, hide no other and no secret', async () => {
  const other = await serveTcp((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const { scrape, warnings } = openPlugin(redis, {
    targets: [
      { url: `redis://me:geheim@127.0.0.1:${await freePort()}` },
      { name: 'web', url: `redis://127.0.0.1:${other}` },
      { name: 'fine', url: `redis://127.0.0.1:${await serveRedis({ info: captured('redis-7.0.15-master') })}` },
    ],
  });
  expect(await scrape()).toMatchObject({ 'redis_up{name="web"}': 0, 'redis_up{name="fine"}': 1 });
  expect(warnings).toHaveLength(2);
  expect(warnings).toContain('web: expected an answer of a Redis server, got "HTTP/1.1 400 Bad Req"');
  expect(warnings.join()).not.toContain('geheim');
});

test('without discovery and without targets there is nothing to measure', async () => {
  const host = createHost();
  expect(await redis.probe?.({ discover: false }, host)).toBe('no targets are set');
  expect(await redis.probe?.({ targets: [{ url: 'redis://127.0.0.1' }] }, host)).toBeUndefined();
});

test('replies are read whatever they hold, and never without end', () => {
  const decode = (text: string) => decodeReply(Buffer.from(text), 0)?.reply;
  expect(decode('*2\r\n$-1\r\n*1\r\n:7\r\n')).toEqual([undefined, [7]]);
  expect(decode('-ERR no\r\n')).toBeInstanceOf(ErrorReply);
  expect(decode('$5\r\nhal')).toBeUndefined();
  expect(decode(`$4\r\nÄ\r\n\r\n`)).toBe('Ä\r\n');
  expect(() => decode('*99999999\r\n')).toThrow('expected an answer of a Redis server');
  expect(() => decode(`${'*1\r\n'.repeat(20)}:1\r\n`)).toThrow('expected an answer of a Redis server');
  expect(() => decode('x'.repeat(70_000))).toThrow('expected an answer of a Redis server');
});

const program = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((path) => existsSync(path));
// Only where there is one: npm brings none.
if (program !== undefined) {
  test('a real server is measured over its port and its socket', async () => {
    const folder = temporaryFolder();
    const [port, socket] = [await freePort(), join(folder, 'redis.sock')];
    const args = ['--port', String(port), '--unixsocket', socket, '--dir', folder, '--save', '', '--bind', '127.0.0.1'];
    const server = spawn(program, args, { stdio: 'ignore' });
    onTestFinished(async () => {
      server.kill();
      if (server.exitCode === null) await once(server, 'exit');
    });
    await expect.poll(() => existsSync(socket), { timeout: 20_000 }).toBe(true);
    const targets = [
      { name: 'port', url: `redis://127.0.0.1:${port}` },
      { name: 'socket', url: `unix://${socket}` },
    ];
    const { scrape, warnings } = openPlugin(redis, { targets });
    const samples = await scrape();
    expect(warnings).toEqual([]);
    for (const name of ['port', 'socket']) {
      expect(samples[`redis_up{name="${name}"}`]).toBe(1);
      expect(samples[`redis_memory_used_bytes{name="${name}"}`]).toBeGreaterThan(100_000);
    }
  });
}
