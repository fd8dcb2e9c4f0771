import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import fc from 'fast-check';
import { StatsD } from 'hot-shots';
import { expect, onTestFinished, test } from 'vitest';
import { createPushedSeries } from '../doors/pushed-series.ts';
import { createQuantileSketch } from '../doors/quantile-sketch.ts';
import { dropsOf } from '../doors/udp-door.ts';
import { createHost, type Host } from '../host/host.ts';
import { createScrapeOutput } from '../samples/scrape-output.ts';
import { temporaryFolder } from '../testing-servers.ts';
import { openPlugin, type Samples } from '../testing.ts';
import { createAggregate, type DropReason } from './aggregate.ts';
import { parseStatsdLine } from './parse.ts';
import { statsd } from './statsd.ts';

/** An aggregate with a clock of its own. */
function start({ maxSeries = 100, prefix = '' } = {}) {
  let time = 0;
  const now = (): number => time;
  const warnings: string[] = [];
  const dropped = new Map<string, number>();
  const ignored: string[] = [];
  const out = createScrapeOutput({ metrics: {}, dynamic: true }, { maxSeries: 10_000 });
  const store = createPushedSeries({
    maxSeries,
    idleMs: 60_000,
    now,
    warn: (text) => warnings.push(text),
    countsFromZero: true,
  });
  const aggregate = createAggregate({
    store,
    prefix,
    windowMs: 10_000,
    maxCached: 2 * maxSeries,
    now,
    onDropped: (why: DropReason, count = 1) => dropped.set(why, (dropped.get(why) ?? 0) + count),
    onIgnored: (what) => ignored.push(what),
  });
  return {
    warnings,
    dropped,
    ignored,
    store,
    take: aggregate.take,
    advance(ms: number) {
      time += ms;
    },
    /** What is put out at the second tick from now: new counters begin at 0. */
    tick(): Record<string, number> {
      aggregate.put(out);
      out.begin();
      aggregate.put(out);
      return Object.fromEntries(
        out.seriesList.flatMap(({ name, labels }, handle) =>
          out.present[handle] === 1
            ? [[[name, ...Object.entries(labels).flat()].join(' '), out.values[handle] ?? Number.NaN]]
            : [],
        ),
      );
    },
  };
}

test('counters add up, whatever the rate and the number of values', () => {
  const { take, tick } = start();
  take('page.views:1|c\npage.views:2|c|@0.1\r\npage.views:1:2:3|c\n');
  expect(tick()).toEqual({ page_views_total: 27 });
  take('page.views:1|c|#');
  expect(tick()).toEqual({ page_views_total: 28 });
});

test('a gauge has its last value, and changes by what has a sign', () => {
  const { take, tick } = start();
  take('fuel:10|g\nfuel:+5|g\nfuel:-1.5|g\ndrift:-3|g');
  expect(tick()).toEqual({ fuel: 13.5, drift: -3 });
  take('fuel:7|g');
  expect(tick()).toEqual({ fuel: 7, drift: -3 });
});

test('timers become seconds: count, sum and quantiles of late', () => {
  const { take, tick, advance } = start();
  for (let ms = 1; ms <= 100; ms++) take(`render:${ms}|ms|#page:home`);
  const quantile = (samples: Record<string, number>, q: string) => samples[`render_seconds page home quantile ${q}`];
  const first = tick();
  expect(first['render_seconds_count page home']).toBe(100);
  expect(first['render_seconds_sum page home']).toBeCloseTo(5.05);
  expect(quantile(first, '1')).toBe(0.1);
  for (const q of ['0.5', '0.95', '0.99'])
    expect(Math.abs((quantile(first, q) ?? 0) / (Number(q) / 10) - 1)).toBeLessThan(0.03);
  advance(11_000);
  expect(quantile(tick(), '1')).toBe(0.1);
  advance(11_000);
  const later = tick();
  expect(quantile(later, '1')).toBeUndefined();
  expect(later['render_seconds_count page home']).toBe(100);
});

test('histograms and distributions keep their unit, and a sample rate counts', () => {
  const { take, tick } = start();
  take('size:200|h|@0.5\nsize:400|h\nlatency:-2:2|d');
  expect(tick()).toMatchObject({ size_count: 3, size_sum: 800, 'size quantile 1': 400, latency_count: 2 });
});

test('a set counts what is different', () => {
  const { take, tick, advance, dropped } = start();
  take('users:ann|s\nusers:bob|s\nusers:ann|s\nusers:a:b|s');
  expect(tick()).toEqual({ users: 3 });
  for (let n = 0; n < 2_000; n++) take(`users:${n}|s`);
  advance(10_000);
  expect(tick()).toEqual({ users: 1_000 });
  expect(dropped.get('large set')).toBe(1_003);
});

test('events and service checks are ignored, and what is no line is counted', () => {
  const { take, tick, ignored, dropped } = start();
  take('_e{5,4}:title|text\n_sc|Redis|2\n\n');
  take('no colon|c\n:1|c\nx:1|z\nx:abc|c\nx:1|c|@0\nx:1|c|@2\nx:|c\nx:0x10|c\nx:Infinity|g');
  expect(ignored).toEqual(['event', 'check']);
  expect(dropped).toEqual(new Map([['malformed', 9]]));
  expect(tick()).toEqual({});
});

test('a counter that would fall, or a name that is of another kind, is refused', () => {
  const { take, tick, dropped } = start();
  take('a:-1|c\nb_total:1|c\nb_total:3|g');
  expect(dropped).toEqual(
    new Map([
      ['negative counter', 1],
      ['another kind', 1],
    ]),
  );
  expect(tick()).toEqual({ a_total: 0, b_total: 1 });
});

test('tags of any text become labels that can be stored', () => {
  const { take, tick } = start({ prefix: 'app.' });
  take(`x:1|c|#größe:naïve,host:db-1,flag,__meta:1,dup:a,dup:b,1st:y,long:${'l'.repeat(5_000)}`);
  const [series = ''] = Object.keys(tick());
  expect(series).toMatch(/^app_x_total /u);
  for (const label of ['gr__e naïve', 'exported_host db-1', 'flag 1', '_meta 1', 'dup a;b', '_1st y'])
    expect(series).toContain(label);
  expect(series.length).toBeLessThan(1_200);
});

test('a series without values ends after a while, and its place is free', () => {
  const { take, tick, advance, store } = start({ maxSeries: 7 });
  take('a:1|c\nt:5|ms');
  expect(Object.keys(tick()).length).toBe(7);
  take('b:1|c');
  expect(store.size).toBe(7);
  advance(59_000);
  take('a:1|c');
  advance(2_000);
  expect(tick()).toEqual({ a_total: 2 });
  take('t:5|ms');
  expect(tick()).toMatchObject({ a_total: 2, t_seconds_count: 1 });
});

test('the same tags in another order, or written otherwise, are the same timer', () => {
  const { take, tick } = start();
  take('t:1|ms|#a:1,b:2\nt:3|ms|#b:2,a:1\nt:5|ms|#b:2,a:1,');
  expect(tick()).toMatchObject({ 't_seconds_count a 1 b 2': 3, 't_seconds a 1 b 2 quantile 1': 0.005 });
});

test('any bytes are counted or taken, never a fault', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .tuple(fc.string(), fc.string(), fc.constantFrom('c', 'g', 'ms', 'h', 's'), fc.string())
      .map(([name, value, type, tags]) => `${name}:${value}|${type}|#${tags}`),
  );
  const { take, tick } = start();
  fc.assert(
    fc.property(line, (text) => {
      parseStatsdLine(text);
      take(text);
      tick();
    }),
    { numRuns: 1_000 },
  );
});

test('a flood of series, timers and members takes no more memory than the limits allow', () => {
  const { take, tick, store, dropped, warnings, advance } = start({ maxSeries: 500 });
  for (let round = 0; round < 20; round++) {
    for (let n = 0; n < 5_000; n++) {
      const id = round * 5_000 + n;
      take(`c${id}:1|c\nt:${Math.exp((id % 60) - 20)}|ms|#id:${id}\ns:${id}|s\nd:${(id % 7919) ** 3}|d`);
    }
    advance(1_000);
    expect(Object.keys(tick()).length).toBeLessThanOrEqual(500);
  }
  expect(store.size).toBe(500);
  expect(dropped.get('too many series')).toBeGreaterThan(150_000);
  // One sentence for the log, not a hundred thousand.
  expect(warnings.length).toBe(1);
});

test('a sketch is right to one per cent in at most a thousand buckets, whatever comes', () => {
  const value = fc.double({ noNaN: true, min: -1e15, max: 1e15 });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 3_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, q) => {
        const sketch = createQuantileSketch();
        for (const one of values) sketch.add(one, 1);
        expect(sketch.size).toBeLessThan(1_000);
        const sorted = Float64Array.from(values).toSorted();
        const answer = sketch.quantile(q);
        expect(answer).toBeGreaterThanOrEqual(sorted[0] ?? 0);
        expect(answer).toBeLessThanOrEqual(sorted.at(-1) ?? 0);
      },
    ),
    { numRuns: 50 },
  );
  const sketch = createQuantileSketch();
  for (let n = 1; n <= 10_000; n++) sketch.add(n, 1);
  for (const q of [0.01, 0.5, 0.9, 0.999]) expect(Math.abs(sketch.quantile(q) / (q * 10_000) - 1)).toBeLessThan(0.012);
  expect(sketch.quantile(1)).toBe(10_000);
});

test('/proc/net/udp tells how many datagrams the kernel dropped', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    ' 1213: 0100007F:1FBD 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1234 2 0000000000000000 42',
  ].join('\n');
  expect(dropsOf(table, 8125)).toBe(42);
  expect(dropsOf(table, 8126)).toBeUndefined();
});

/** The plugin on a free port, and what it says. */
async function open(config: Record<string, unknown>, host: Host = createHost()) {
  const plugin = openPlugin(statsd, config, host);
  await plugin.scrape();
  onTestFinished(() => plugin.close());
  return plugin;
}

function freeUdpPort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

test('the client hot-shots is understood over UDP', async () => {
  const port = await freeUdpPort();
  const plugin = await open({ udp: `127.0.0.1:${port}` });
  const client = new StatsD({ host: '127.0.0.1', port, globalTags: { env: 'test' }, maxBufferSize: 1_000 });
  client.increment('orders', 2, ['shop:north']);
  client.gauge('temperature', 21.5);
  client.gaugeDelta('temperature', -1);
  client.timing('query', 250);
  client.histogram('size', 4_096);
  client.distribution('spread', 3);
  client.set('visitors', 'ann');
  client.event('deployed', 'v2');
  client.check('db', client.CHECKS.OK);
  await new Promise<void>((resolve) => client.close(() => resolve()));
  let samples: Samples = {};
  await expect
    .poll(async () => (samples = await plugin.scrape()), { timeout: 20_000 })
    .toMatchObject({
      'orders_total{env="test",shop="north"}': 2,
      'temperature{env="test"}': 20.5,
      'query_seconds_count{env="test"}': 1,
      'query_seconds{env="test",quantile="0.5"}': 0.25,
      'size_sum{env="test"}': 4096,
      'spread_count{env="test"}': 1,
      'visitors{env="test"}': 1,
      'statsd_ignored_total{what="event"}': 1,
      'statsd_ignored_total{what="check"}': 1,
    });
  expect(samples['statsd_dropped_total{why="malformed"}']).toBe(0);
});

test('hot-shots is understood over a unix stream socket', async () => {
  const path = `${temporaryFolder()}/statsd.sock`;
  const plugin = await open({ socket: path });
  const stream = connect(path);
  const client = new StatsD({ protocol: 'stream', stream });
  client.increment('jobs', 3);
  client.increment('jobs', 4);
  await new Promise<void>((resolve) => client.close(() => resolve()));
  await expect.poll(() => plugin.scrape(), { timeout: 20_000 }).toMatchObject({ jobs_total: 7 });
});

test('more lines than allowed are dropped and counted', async () => {
  const port = await freeUdpPort();
  // A clock that stands still: nothing is allowed again.
  const plugin = await open({ udp: `127.0.0.1:${port}`, maxLinesPerSecond: 100 }, { ...createHost(), now: () => 0 });
  const client = createSocket('udp4');
  onTestFinished(() => void client.close());
  const datagram = Array.from({ length: 10 }, () => 'x:1|c').join('\n');
  for (let n = 0; n < 50; n++) await new Promise((resolve) => client.send(datagram, port, '127.0.0.1', resolve));
  await expect
    .poll(() => plugin.scrape(), { timeout: 20_000 })
    .toMatchObject({
      'statsd_packets_total{door="udp"}': 50,
      x_total: 100,
      statsd_samples_total: 100,
      'statsd_dropped_total{why="rate"}': 400,
    });
});

test('what comes faster than it is read is dropped by the kernel, and every datagram accounted for where it tells', async () => {
  const port = await freeUdpPort();
  let time = 0;
  const plugin = await open({ udp: `127.0.0.1:${port}` }, { ...createHost(), now: () => (time += 11_000) });
  const client = createSocket('udp4');
  onTestFinished(() => void client.close());
  const count = 20_000;
  // All at once: until this is through, nobody reads.
  const sent = Array.from(
    { length: count },
    () =>
      new Promise<boolean>((resolve) => client.send('x:1|c', port, '127.0.0.1', (error) => resolve(error === null))),
  );
  const left = (await Promise.all(sent)).filter(Boolean).length;
  await expect
    .poll(
      async () => {
        const samples = await plugin.scrape();
        return (samples['statsd_packets_total{door="udp"}'] ?? 0) + (samples['statsd_kernel_dropped_total'] ?? 0);
      },
      { timeout: 20_000 },
    )
    .toSatisfy((known: number) => (existsSync('/proc/net/udp') ? known === left : known > 0 && known <= left));
});

test('nothing listens unless it is told where', async () => {
  expect(await statsd.probe?.({}, createHost())).toBe('it has no address to listen on');
  expect(await statsd.probe?.({ udp: '127.0.0.1:8125' }, createHost())).toBeUndefined();
  expect(() => statsd.checkConfig({ udp: '8125' })).toThrow('expected address and port, as in 127.0.0.1:8125');
});
