import { SpanKind } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, onTestFinished, test } from 'vitest';
import { postTo } from '../doors/testing.ts';
import { createHost } from '../host/host.ts';
import { freePort } from '../testing-servers.ts';
import { openPlugin, type Samples } from '../testing.ts';
import { api } from './api.ts';
import { toRoute } from './route.ts';

async function open(config: Record<string, unknown> = {}) {
  const port = await freePort();
  const plugin = openPlugin(api, { listen: `127.0.0.1:${port}`, ...config });
  await plugin.scrape();
  onTestFinished(() => plugin.close());
  return {
    ...plugin,
    url: `http://127.0.0.1:${port}`,
    post: (...lines: readonly object[]) =>
      postTo(port, '/v1/api', lines.map((line) => JSON.stringify(line)).join('\n')),
    /** What is put out now: new counters begin at 0, so at the second tick. */
    async now(): Promise<Samples> {
      await plugin.scrape();
      return plugin.scrape();
    },
  };
}

test('requests as JSON lines are counted, timed and told apart by route and status', async () => {
  const { post, now } = await open();
  const request = { service: 'shop', method: 'get', route: '/orders/:id', status: 200, duration_seconds: 0.04 };
  await post(
    request,
    request,
    { ...request, status: 404 },
    { ...request, status: 503 },
    { ...request, error: 'validation' },
  );
  const of = 'method="GET",route="/orders/:id",service="shop"';
  expect(await now()).toMatchObject({
    [`api_requests_total{${of},status="200"}`]: 3,
    [`api_requests_total{${of},status="404"}`]: 1,
    [`api_requests_total{${of},status="503"}`]: 1,
    [`api_errors_total{${of}}`]: 2,
    [`api_requests_per_minute{${of}}`]: 5,
    [`api_error_ratio{${of}}`]: 0.4,
    [`api_request_duration_seconds_bucket{le="0.025",${of}}`]: 0,
    [`api_request_duration_seconds_bucket{le="0.05",${of}}`]: 5,
    [`api_request_duration_seconds_count{${of}}`]: 5,
    [`api_request_duration_seconds_sum{${of}}`]: 0.2,
  });
});

test('a line without route or status is refused with a reason', async () => {
  const { post } = await open();
  expect(await post({ status: 200 })).toMatchObject({ status: 400, body: expect.stringContaining('line 1: route') });
  expect(await post({ route: '/', status: 'ok' })).toMatchObject({
    status: 400,
    body: expect.stringContaining('line 1: status'),
  });
});

test('ever new paths stay within bounds, and no request is lost', async () => {
  const { post, now } = await open({ maxRoutes: 5 });
  await post(...Array.from({ length: 200 }, (_, n) => ({ route: `/page-${n}x`, status: 200 })));
  const counts = Object.entries(await now()).filter(([name]) => name.startsWith('api_requests_total'));
  expect(counts.length).toBe(6);
  expect(counts.reduce((sum, [, value]) => sum + value, 0)).toBe(200);
});

test.each([
  ['/orders/4711?full=1', '/orders/:id'],
  ['/users/550e8400-e29b-41d4-a716-446655440000/cart#top', '/users/:id/cart'],
  ['/blob/9f86d081884c7d659a2feaa0c55ad015', '/blob/:id'],
  ['/t/AbC123-xyz_456QWErty789aa', '/t/:id'],
  ['/users/:user/{order}', '/users/:user/{order}'],
  ['/v1/internationalization-settings', '/v1/internationalization-settings'],
  ['/', '/'],
  ['/a/b/c/d/e/f/g/h/i/j/k/l/m/n', '/a/b/c/d/e/f/g/h/i/j/k/…'],
])('%s is the route %s', (path, route) => {
  expect(toRoute(path)).toBe(route);
});

const resource = resourceFromAttributes({ 'service.name': 'shop', 'service.instance.id': '1' });
const request = { 'http.request.method': 'POST', 'http.route': '/pay', 'http.response.status_code': 200 };

async function sendSpan(url: string, kind = SpanKind.SERVER) {
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const span = provider
    .getTracer('test')
    .startSpan('POST /pay', { kind, attributes: request, startTime: [1_764_000_000, 0] });
  span.end([1_764_000_000, 30_000_000]);
  await provider.forceFlush();
  await provider.shutdown();
}

function metering(url: string) {
  const exporter = new OTLPMetricExporter({ url: `${url}/v1/metrics` });
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ resource, readers: [reader] });
  onTestFinished(() => provider.shutdown().catch(() => {}));
  const duration = provider.getMeter('test').createHistogram('http.server.request.duration', {
    unit: 's',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
  });
  return {
    async serve(seconds: number, more = {}) {
      duration.record(seconds, { ...request, ...more });
      await provider.forceFlush();
    },
  };
}

const of = 'method="POST",route="/pay",service="shop"';

test('what OpenTelemetry tells of servers is counted: spans, and the metric instead once it comes', async () => {
  const { url, now } = await open();
  await sendSpan(url);
  await sendSpan(url, SpanKind.CLIENT);
  expect(await now()).toMatchObject({
    [`api_requests_total{${of},status="200"}`]: 1,
    [`api_request_duration_seconds_bucket{le="0.025",${of}}`]: 0,
    [`api_request_duration_seconds_bucket{le="0.05",${of}}`]: 1,
  });
  const application = metering(url);
  await application.serve(0.3);
  await application.serve(0.3, { 'http.response.status_code': 500, 'error.type': '500' });
  await sendSpan(url);
  expect(await now()).toMatchObject({
    [`api_requests_total{${of},status="200"}`]: 2,
    [`api_requests_total{${of},status="500"}`]: 1,
    [`api_errors_total{${of}}`]: 1,
    [`api_request_duration_seconds_bucket{le="0.5",${of}}`]: 3,
  });
});

test('nothing listens unless it is told where', async () => {
  expect(await api.probe?.({}, createHost())).toBe('it has no address to listen on');
});
