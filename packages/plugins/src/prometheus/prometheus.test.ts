import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { gzipSync } from 'node:zlib';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { expect, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { listen } from '../testing-servers.ts';
import { openPlugin, type OpenPlugin, type Samples } from '../testing.ts';
import { prometheus } from './prometheus.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}/metrics`;
}

/** Opens the plugin on targets; `pass` lets their intervals pass, `ended` scrapes until a scrape of one has ended. */
function open(...targets: readonly object[]): OpenPlugin & { pass(): void; ended(): Promise<Samples> } {
  let passedMs = 0;
  const host = createHost();
  const opened = openPlugin(
    prometheus,
    { targets: targets.map((target, index) => ({ name: `it${index === 0 ? '' : index}`, ...target })) },
    { ...host, now: () => host.now() + passedMs },
  );
  return Object.assign(opened, {
    pass() {
      passedMs += 3_600_000;
    },
    async ended() {
      for (;;) {
        const samples = await opened.scrape();
        if (Object.keys(samples).length > 0) return samples;
      }
    },
  });
}

async function scrapeOnce(
  target: object,
): Promise<{ readonly samples: Samples; readonly warnings: readonly string[] }> {
  const opened = open(target);
  const samples = await opened.scrape();
  await opened.close();
  return { samples, warnings: opened.warnings };
}

test('a Node.js application with prom-client is read whole, in both of its formats', async () => {
  for (const type of [Registry.PROMETHEUS_CONTENT_TYPE, Registry.OPENMETRICS_CONTENT_TYPE] as const) {
    const registry = new Registry();
    registry.setContentType(type as typeof Registry.PROMETHEUS_CONTENT_TYPE);
    const registers = [registry];
    new Counter({ name: 'jobs_total', help: 'Jobs "done".', labelNames: ['queue'], registers }).inc(
      { queue: 'a\n"b"\\' },
      3,
    );
    new Gauge({ name: 'depth', help: 'Depth.', registers }).set(-1.5);
    const histogram = new Histogram({ name: 'took_seconds', help: 'Time.', buckets: [0.1, 1], registers });
    histogram.observe(0.5);
    new Summary({ name: 'size_bytes', help: 'Size.', percentiles: [0.5], registers }).observe(8);
    const url = await serve((_, response) => {
      void registry.metrics().then((text) => response.setHeader('content-type', registry.contentType).end(text));
    });
    const { samples, warnings } = await scrapeOnce({ url, job: 'app' });
    expect(warnings).toEqual([]);
    expect(samples).toMatchObject({
      [String.raw`jobs_total{instance="it",job="app",queue="a\n\"b\"\\"}`]: 3,
      'depth{instance="it",job="app"}': -1.5,
      'took_seconds_bucket{instance="it",job="app",le="0.1"}': 0,
      'took_seconds_bucket{instance="it",job="app",le="1"}': 1,
      'took_seconds_bucket{instance="it",job="app",le="+Inf"}': 1,
      'took_seconds_sum{instance="it",job="app"}': 0.5,
      'took_seconds_count{instance="it",job="app"}': 1,
      'size_bytes{instance="it",job="app",quantile="0.5"}': 8,
      'size_bytes_sum{instance="it",job="app"}': 8,
      'size_bytes_count{instance="it",job="app"}': 1,
      'up{instance="it",job="app"}': 1,
      'scrape_samples_scraped{instance="it",job="app"}': 10,
      'scrape_samples_taken{instance="it",job="app"}': 10,
    });
  }
});

test('what node_exporter 1.5 told is read whole', async () => {
  const text = read('testdata/node-exporter/metrics.txt');
  const url = await serve((_, response) => response.end(text));
  const { samples, warnings } = await scrapeOnce({ url });
  expect(warnings).toEqual([]);
  expect(samples).toMatchObject({
    'up{instance="it"}': 1,
    'scrape_samples_scraped{instance="it"}': 507,
    'scrape_samples_taken{instance="it"}': 507,
    'node_uname_info{domainname="(none)",instance="it",machine="x86_64",nodename="vm",release="6.18.44-fc-v657",sysname="Linux",version="#1 SMP PREEMPT_DYNAMIC @0"}': 1,
    'node_cpu_seconds_total{cpu="0",instance="it",mode="nice"}': 0,
  });
  // Every line but the comments is a sample, and none is there twice; the collector's own four come on top.
  expect(Object.keys(samples)).toHaveLength(507 + 4);
});

test('a target is asked as Prometheus asks, with the time that it has and what it needs to let us in', async () => {
  const asked: IncomingMessage['headers'][] = [];
  const url = await serve((request, response) => {
    asked.push(request.headers);
    response.setHeader('content-encoding', 'gzip').end(gzipSync('a 1\n'));
  });
  const { samples } = await scrapeOnce({
    url,
    timeoutSeconds: 2.5,
    username: 'u',
    password: 'p:w',
    headers: { 'x-a': 'b' },
  });
  expect(samples['a{instance="it"}']).toBe(1);
  await scrapeOnce({ url, bearerToken: 'secret' });
  expect(asked).toMatchObject([
    {
      accept: expect.stringMatching(/^application\/openmetrics-text;version=1\.0\.0.*text\/plain;version=0\.0\.4/u),
      'accept-encoding': 'gzip',
      'x-prometheus-scrape-timeout-seconds': '2.5',
      authorization: `Basic ${Buffer.from('u:p:w').toString('base64')}`,
      'x-a': 'b',
    },
    { authorization: 'Bearer secret' },
  ]);
});

test('with TLS the certificate has to be trusted, and be for the name', async () => {
  const server = createSecureServer(
    { cert: read('../http/testdata/server.pem'), key: read('../http/testdata/server.key') },
    (_, response) => response.end('a 1\n'),
  );
  const url = `https://127.0.0.1:${await listen(server)}/metrics`;
  const ca = read('../http/testdata/ca.pem');
  const up = async (target: object) => (await scrapeOnce({ url, ...target })).samples['up{instance="it"}'];
  expect(await up({})).toBe(0);
  expect(await up({ verifyTls: false })).toBe(1);
  expect(await up({ ca, serverName: 'localhost' })).toBe(1);
  expect(await up({ ca, serverName: 'other.example' })).toBe(0);
});

test('the labels of a target give way to ours, or win where they are honoured; host is always ours', async () => {
  const url = await serve((_, response) => response.end('a{job="theirs",instance="x",host="h",zone="z"} 1\n'));
  const { samples } = await scrapeOnce({ url, job: 'ours', labels: { env: 'test' } });
  expect(samples).toMatchObject({
    'a{env="test",exported_host="h",exported_instance="x",exported_job="theirs",instance="it",job="ours",zone="z"}': 1,
  });
  const honoured = await scrapeOnce({ url, job: 'ours', honorLabels: true });
  expect(honoured.samples).toMatchObject({
    'a{exported_host="h",instance="x",job="theirs",zone="z"}': 1,
    'up{instance="it",job="ours"}': 1,
  });
});

test('only metrics that are allowed and not denied are taken, by their whole names', async () => {
  const url = await serve((_, response) =>
    response.end('node_cpu 1\nnode_disk 2\nnode_cpu_info 3\ngo_gc 4\nxnode_cpu 5\n'),
  );
  const { samples } = await scrapeOnce({ url, allow: 'node_.*', deny: '.*_info|node_disk' });
  expect(samples).toMatchObject({
    'node_cpu{instance="it"}': 1,
    'scrape_samples_scraped{instance="it"}': 5,
    'scrape_samples_taken{instance="it"}': 1,
  });
  expect(Object.keys(samples)).toHaveLength(5);
});

test.each([
  ['a status', 'it: expected status 200, got 404', (response) => response.writeHead(404).end()],
  ['a redirect', 'to /elsewhere: set the URL', (response) => response.writeHead(302, { location: '/elsewhere' }).end()],
  ['a page', 'line 1, column 1: expected a metric name, got "<html>"', (response) => response.end('<html>')],
  [
    'half a text',
    'the text was cut short',
    (response) => response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0').end('a 1\n'),
  ],
  [
    'too many samples',
    'expected at most 3 samples (maxSamples), got 4',
    (response) => response.end('a 1\nb 1\nc 1\nd 1\n'),
  ],
  ['too long a text', 'the answer is longer than 2048 bytes', (response) => response.end(`# ${'x'.repeat(3000)}\n`)],
  [
    'a bomb',
    'the answer is longer than 2048 bytes',
    (response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('#'.repeat(1e6))),
  ],
  ['no gzip', 'the answer is no gzip', (response) => response.setHeader('content-encoding', 'gzip').end('a 1\n')],
  [
    'another encoding',
    'expected gzip or plain text, got br',
    (response) => response.setHeader('content-encoding', 'br').end('a 1\n'),
  ],
  ['silence', 'no whole answer within 300 ms', () => {}],
] as const satisfies [string, string, (response: Parameters<RequestListener>[1]) => void][])(
  'a target that answers with %s is down, and the log says why once',
  async (_, warning, answer) => {
    const url = await serve((_, response) => answer(response));
    const { ended, warnings, pass, close } = open({ url, maxSamples: 3, maxBytes: 2048, timeoutSeconds: 0.3 });
    expect(await ended()).toMatchObject({ 'up{instance="it"}': 0, 'scrape_samples_scraped{instance="it"}': 0 });
    pass();
    expect(await ended()).toMatchObject({ 'up{instance="it"}': 0 });
    await close();
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  },
);

test('a metric that the target no longer tells is no longer there, and a target that comes back is up again', async () => {
  const answers = ['a 1\nb 2\n', 'b 3\n', '!', 'a 4\n'];
  const url = await serve((_, response) => response.end(answers.shift()));
  const { scrape, ended, warnings, pass, close } = open({ url });
  const scrapes: unknown[] = [];
  for (let round = 0; round < 4; round++) {
    const { 'a{instance="it"}': a, 'b{instance="it"}': b, 'up{instance="it"}': up } = await ended();
    scrapes.push([a, b, up]);
    // Before the interval has passed there is nothing.
    expect(await scrape()).toEqual({});
    pass();
  }
  await close();
  expect(scrapes).toEqual([
    [1, 2, 1],
    [undefined, 3, 1],
    [undefined, undefined, 0],
    [4, undefined, 1],
  ]);
  expect(warnings).toEqual([expect.stringContaining('it: line 1, column 1'), 'it: works again']);
});

test('a sample that can not be taken is left out, and takes no other with it', async () => {
  const many = Array.from({ length: 33 }, (_, index) => `l${index}="x"`).join(',');
  const text = `# TYPE up counter\nup 5\nlong{a="${'x'.repeat(1025)}"} 1\nmany{${many}} 1\nnot_finite NaN\ngood 1\n`;
  const url = await serve((_, response) => response.end(text));
  const { samples, warnings } = await scrapeOnce({ url });
  expect(samples).toMatchObject({ 'good{instance="it"}': 1, 'up{instance="it"}': 1 });
  expect(Object.keys(samples)).toHaveLength(5);
  expect(warnings).toEqual([
    expect.stringContaining('samples are left out: up: expected a gauge'),
    'samples of long are left out: the value of a is longer than 1024',
    'samples of many are left out: there are more than 32 labels',
  ]);
});

test('a target that hangs holds up no other', async () => {
  const slow = await serve(() => {});
  const quick = await serve((_, response) => response.end('a 1\n'));
  const { ended, pass, close } = open({ url: slow, timeoutSeconds: 60 }, { url: quick });
  // The first scrape waits for both, up to five seconds.
  expect(await ended()).toMatchObject({ 'a{instance="it1"}': 1 });
  pass();
  expect(await ended()).toMatchObject({ 'a{instance="it1"}': 1 });
  await close();
});

test('settings that can not be are refused by their names', () => {
  const url = 'http://127.0.0.1:9100/metrics';
  expect(() => prometheus.checkConfig({ targets: [{ url: 'ftp://x' }] })).toThrow('prometheus.targets.0.url');
  expect(() => prometheus.checkConfig({ targets: [{ url, allow: '(' }] })).toThrow('prometheus.targets.0.allow');
  expect(() => prometheus.checkConfig({ targets: [{ url, labels: { host: 'x' } }] })).toThrow(
    'prometheus.targets.0.labels',
  );
  expect(() => openPlugin(prometheus, { targets: [{ url }, { url }] })).toThrow('prometheus.targets.1.name');
});
