import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import { silentLog } from '../log.ts';
import { createSelfMetrics } from '../self.ts';
import type { AppEnv } from './app-env.ts';
import { createErrorHandler } from './on-error.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;
/** As the closing line of a run wants it told: not run for want of a program, which is not a failure. */
const why = 'needs prometheus (apt-get install prometheus)';

/** As a client of that address would ask. */
function ask(metricsToken: string | undefined, address: string, headers: Readonly<Record<string, string>> = {}) {
  const self = createSelfMetrics(() => ({ cpuSeconds: 0, residentBytes: 0 }), 'test');
  const app = new Hono<AppEnv>().route('/', metricsRoutes({ self, metricsToken }));
  app.onError(createErrorHandler(silentLog));
  return app.request('/metrics', { headers }, { incoming: { socket: { remoteAddress: address } } });
}

test.each<[string, number, Parameters<typeof ask>]>([
  ['a program of the same machine', 200, [undefined, '127.0.0.1']],
  ['the same over IPv6', 200, [undefined, '::1']],
  ['the same in the form of IPv6', 200, [undefined, '::ffff:127.0.0.1']],
  ['another machine', 401, [undefined, '10.0.0.2']],
  ['another machine that says to be this one', 401, [undefined, '10.0.0.2', { 'x-forwarded-for': '127.0.0.1' }]],
  ['another machine through a proxy of this one', 401, [undefined, '127.0.0.1', { 'x-forwarded-for': '10.0.0.2' }]],
  ['another machine with any token', 401, [undefined, '10.0.0.2', { authorization: 'Bearer undefined' }]],
  [
    'who has the token',
    200,
    ['a token of the operator'.replaceAll(' ', '-'), '10.0.0.2', { authorization: 'Bearer a-token-of-the-operator' }],
  ],
  ['who has another', 401, ['a-token-of-the-operator', '10.0.0.2', { authorization: 'Bearer a-token-of-the-operato' }]],
  ['this machine without the token', 401, ['a-token-of-the-operator', '127.0.0.1']],
])('metrics, for %s: %i', async (_, status, given) => {
  const answer = await ask(...given);
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(status === 200 ? 'tarsier_build_info' : 'auth/metrics');
});

test('no tenant, host, key or person is named in them', async () => {
  const key = await server.key('a-tenant-of-its-own', 'admin');
  await server.ingest(key, testBatch({ endMs: Math.floor(Date.now() / 1000) * 1000, host: 'a-host-of-its-own' }));
  await fetch(`${server.url}/v1/hosts`, { headers: { authorization: `Bearer ${key}` } });
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toContain('tarsier_ingest_samples_total');
  expect(text).not.toMatch(/of-its-own|tsr_/u);
  const labels = new Set(Array.from(text.matchAll(/[{,](\w+)="/gu), ([, name]) => name));
  expect(
    [...labels].filter(
      (name) => !/^(?:status|kind|outcome|code|version|door|told|reason|new|duplicate)$/u.test(name ?? ''),
    ),
  ).toEqual([]);
});

test('promtool finds nothing to say about them', async ({ skip }) => {
  skip(!hasPrometheus, why);
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect([status, stdout + stderr]).toEqual([0, '']);
});

test('the real Prometheus scrapes them', async ({ skip }) => {
  skip(!hasPrometheus, why);
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-scrape-'));
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
  const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: tarsier
    static_configs: [{ targets: ['${new URL(server.url).host}'] }]
`;
  await writeFile(join(folder, 'prometheus.yml'), config);
  const prometheus = spawn('prometheus', [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  try {
    const valueOf = async (query: string): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
      const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
      return Number(data.result[0]?.value[1] ?? NaN);
    };
    const wait = { timeout: 45_000, interval: 500 };
    await expect.poll(() => valueOf('up{job="tarsier"}').catch(() => 0), wait).toBe(1);
    await expect.poll(() => valueOf('tarsier_build_info{version="test"}'), wait).toBe(1);
    await expect.poll(() => valueOf('sum(tarsier_http_requests_total{status="200"}) > 2'), wait).toBeGreaterThan(2);
    expect(await valueOf('count({job="tarsier",__name__=~"tarsier_.+"})')).toBeGreaterThan(3);
  } finally {
    const ended = new Promise((resolve) => {
      prometheus.once('exit', resolve);
    });
    prometheus.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
});
