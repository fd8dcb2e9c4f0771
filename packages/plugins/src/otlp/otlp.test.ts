import { gzipSync } from 'node:zlib';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, onTestFinished, test } from 'vitest';
import { postTo } from '../doors/testing.ts';
import { createHost } from '../host/host.ts';
import { freePort } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { otlp } from './otlp.ts';

async function open(config: Record<string, unknown> = {}) {
  const port = await freePort();
  const plugin = openPlugin(otlp, { listen: `127.0.0.1:${port}`, ...config });
  await plugin.scrape();
  onTestFinished(() => plugin.close());
  const post = (body: string | Uint8Array, headers = {}, path = '/v1/metrics') =>
    postTo(port, path, body, { 'content-type': 'application/json', ...headers });
  return { ...plugin, post, url: `http://127.0.0.1:${port}/v1/metrics` };
}

/** An application that measures, and exports when it is asked to. */
function application(exporter: PushMetricExporter) {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const resource = resourceFromAttributes({ 'service.name': 'shop', 'service.instance.id': '1' });
  const provider = new MeterProvider({ resource, readers: [reader] });
  onTestFinished(() => provider.shutdown().catch(() => {}));
  const meter = provider.getMeter('test');
  return {
    orders: meter.createCounter('orders'),
    duration: meter.createHistogram('duration', { unit: 's' }),
    provider,
  };
}

const delta = { temporalityPreference: AggregationTemporality.DELTA };
const gzip = { compression: 'gzip' as never };

describe.each<[what: string, create: (url: string) => PushMetricExporter]>([
  ['JSON', (url) => new JsonExporter({ url })],
  ['JSON in gzip', (url) => new JsonExporter({ url, ...gzip })],
  ['Protocol Buffers', (url) => new ProtobufExporter({ url })],
  ['Protocol Buffers in gzip', (url) => new ProtobufExporter({ url, ...gzip })],
  ['deltas in JSON', (url) => new JsonExporter({ url, ...delta })],
  ['deltas in Protocol Buffers', (url) => new ProtobufExporter({ url, ...delta })],
])('the SDK of OpenTelemetry, with %s', (_, create) => {
  test('is understood, over several exports', async () => {
    const { url, scrape } = await open();
    const { orders, duration, provider } = application(create(url));
    for (let round = 1; round <= 3; round++) {
      orders.add(2, { method: 'card' });
      duration.record(0.2);
      await provider.forceFlush();
      expect(await scrape()).toMatchObject({
        'orders_total{instance="1",job="shop",method="card"}': 2 * round,
        'duration_seconds_count{instance="1",job="shop"}': round,
        'duration_seconds_bucket{instance="1",job="shop",le="0"}': 0,
        'duration_seconds_bucket{instance="1",job="shop",le="5"}': round,
        'otlp_answers_total{path="/v1/metrics",status="200"}': round,
      });
    }
  });
});

const metricsOf = (points: readonly unknown[], more: object = {}): string =>
  JSON.stringify({
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: points }, ...more }] }] }],
  });
const point = (n: number) => ({ asInt: String(n), attributes: [{ key: 'n', value: { intValue: n } }] });

test('points beyond the limit are told as partial success, and are not many more log lines', async () => {
  const { post, scrape, warnings } = await open({ maxSeries: 10 });
  const answer = await post(metricsOf(Array.from({ length: 1_000 }, (_, n) => point(n))));
  expect(answer).toMatchObject({
    status: 200,
    headers: expect.objectContaining({ 'content-type': 'application/json' }),
  });
  expect(JSON.parse(answer.body)).toEqual({
    partialSuccess: { rejectedDataPoints: '990', errorMessage: 'too many series' },
  });
  expect(await scrape()).toMatchObject({
    'otlp_dropped_total{why="too many series"}': 990,
    otlp_series: 10,
    'm{n="3"}': 3,
  });
  expect(warnings.length).toBe(1);
});

test('a point that makes no sense is told as partial success, and the others are taken', async () => {
  const { post, scrape } = await open();
  const histogram = {
    aggregationTemporality: 2,
    dataPoints: [{ count: 1, bucketCounts: [1], explicitBounds: [1, 2] }],
  };
  const answer = await post(metricsOf([point(1)], { histogram }).replace('"gauge"', '"unknown"'));
  expect(JSON.parse(answer.body)).toMatchObject({ partialSuccess: { rejectedDataPoints: '1' } });
  expect(await scrape()).toMatchObject({ 'otlp_dropped_total{why="invalid"}': 1 });
});

test('an empty request, and one without content, are fine', async () => {
  const { post } = await open();
  expect(await post('{}')).toMatchObject({ status: 200, body: '{}' });
  expect(await post('', { 'content-type': 'application/x-protobuf' })).toMatchObject({
    status: 200,
    body: '',
    headers: expect.objectContaining({ 'content-type': 'application/x-protobuf' }),
  });
  expect(await post('{}', {}, '/v1/traces')).toMatchObject({ status: 200, body: '{}' });
});

test.each<[what: string, body: string | Uint8Array, headers: Record<string, string>, status: number, answer: unknown]>([
  ['no JSON', '{"resourceMetrics":', {}, 400, expect.stringContaining('expected JSON')],
  ['another shape', '{"resourceMetrics":7}', {}, 400, expect.stringContaining('resourceMetrics: expected an array')],
  ['another type', '{}', { 'content-type': 'text/plain' }, 415, expect.stringContaining('content type')],
  ['a web page', '{}', { origin: 'http://evil.example' }, 403, expect.stringContaining('web pages')],
  [
    'too much',
    gzipSync(Buffer.alloc(8 * 1024 * 1024, 32)),
    { 'content-encoding': 'gzip' },
    413,
    expect.stringContaining('bytes'),
  ],
])('%s is refused with a status and a google.rpc.Status', async (_, body, headers, status, message) => {
  const { post, scrape } = await open();
  const answer = await post(body, headers);
  expect(answer).toMatchObject({ status, headers: expect.objectContaining({ 'content-type': 'application/json' }) });
  expect(JSON.parse(answer.body)).toEqual({ code: expect.any(Number), message });
  expect(await scrape()).toMatchObject({ [`otlp_answers_total{path="/v1/metrics",status="${status}"}`]: 1 });
});

test('bad Protocol Buffers are refused in Protocol Buffers', async () => {
  const { post } = await open();
  const answer = await post(Uint8Array.of(0x0a, 0x7f), { 'content-type': 'application/x-protobuf' });
  expect(answer).toMatchObject({
    status: 400,
    headers: expect.objectContaining({ 'content-type': 'application/x-protobuf' }),
  });
  expect(answer.body).toContain('the message ends at byte 2');
});

test('nothing listens unless it is told where', async () => {
  expect(await otlp.probe?.({}, createHost())).toBe('it has no address to listen on');
});
