import { gzipSync } from 'node:zlib';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { afterAll, describe, expect, test } from 'vitest';
import type { Storage } from '../../storage/storage.ts';
import { startDoorServer, type DoorServer } from './testing.ts';

const server = await startDoorServer();
afterAll(() => server.close());

/** An application with the real SDK, whose metrics go out whenever `flush` is called. */
function application(
  Exporter: typeof JsonExporter | typeof ProtobufExporter,
  service: string,
  temporality: AggregationTemporality,
  host?: string,
) {
  const exporter = new Exporter({
    url: `${server.url}/v1/metrics`,
    headers: { authorization: `Bearer ${server.sender}` },
    temporalityPreference: temporality,
  });
  // Never by itself.
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const resource = resourceFromAttributes({
    'service.name': service,
    ...(host === undefined ? {} : { 'host.name': host }),
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return { meter: provider.getMeter('test'), flush: () => provider.forceFlush(), stop: () => provider.shutdown() };
}

describe.each([
  ['JSON', JsonExporter],
  ['protobuf', ProtobufExporter],
] as const)('the OpenTelemetry SDK by %s', (encoding, Exporter) => {
  test.each([
    ['cumulative', AggregationTemporality.CUMULATIVE],
    ['delta', AggregationTemporality.DELTA],
  ])(
    'with %s sums: counters count on, histograms have their buckets, and the resource says the host',
    async (word, temporality) => {
      const job = `${encoding}-${word}`;
      const { meter, flush, stop } = application(Exporter, job, temporality, 'app-1');
      const requests = meter.createCounter('http.server.requests', { unit: '{request}' });
      const duration = meter.createHistogram('http.server.duration', {
        unit: 's',
        advice: { explicitBucketBoundaries: [0.1, 1] },
      });
      meter.createObservableGauge('queue.size').addCallback((result) => result.observe(-2.5, { queue: 'mail' }));
      for (let round = 0; round < 2; round++) {
        requests.add(3, { 'http.route': '/a' });
        duration.record(0.5);
        await flush();
      }
      await stop();
      const values = await server.now(`{job="${job}"}`);
      expect(values).toMatchObject({
        [`http_server_requests_total{host=app-1,http_route=/a,job=${job}}`]: '6',
        [`http_server_duration_seconds_bucket{host=app-1,job=${job},le=0.1}`]: '0',
        [`http_server_duration_seconds_bucket{host=app-1,job=${job},le=1}`]: '2',
        [`http_server_duration_seconds_bucket{host=app-1,job=${job},le=+Inf}`]: '2',
        [`http_server_duration_seconds_count{host=app-1,job=${job}}`]: '2',
        [`http_server_duration_seconds_sum{host=app-1,job=${job}}`]: '1',
        [`queue_size{host=app-1,job=${job},queue=mail}`]: '-2.5',
        [`target_info{host=app-1,host_name=app-1,job=${job}}`]: '1',
      });
    },
  );
});

async function post(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  { url, sender }: Pick<DoorServer, 'url' | 'sender'> = server,
): Promise<{ readonly status: number; readonly type: string | null; readonly body: unknown }> {
  const response = await fetch(`${url}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${sender}`, ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  const type = response.headers.get('content-type');
  return {
    status: response.status,
    type,
    body: type === 'application/json' ? await response.json() : await response.text(),
  };
}

function gauges(...points: readonly (readonly [name: string, timeMs: number])[]): string {
  const metrics = points.map(([name, timeMs]) => ({
    name,
    gauge: { dataPoints: [{ asDouble: 1, timeUnixNano: `${timeMs}000000` }] },
  }));
  return JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
}

// A little ago: a query now does not see what is later.
const now = Math.floor(Date.now() / 1000 - 30) * 1000;

test('points that are too old or in the future are rejected in a 200, and the others are stored', async () => {
  const body = gauges(['otlp_good', now], ['otlp_bad', 5000], ['otlp_bad', now + 86_400_000]);
  expect(await post(body)).toEqual({
    status: 200,
    type: 'application/json',
    body: {
      partialSuccess: { rejectedDataPoints: '2', errorMessage: expect.stringContaining('got 1970-01-01T00:00:05') },
    },
  });
  expect(await server.samples('{__name__=~"otlp_(good|bad)"}')).toEqual({ 'otlp_good{host=otlp}': [[now, '1']] });
});

test('a request that comes again is stored once, and an empty one is fine', async () => {
  const body = gzipSync(gauges(['otlp_twice', now]));
  const headers = { 'content-encoding': 'gzip' };
  expect([await post(body, headers), await post(body, headers)]).toMatchObject([{ status: 200 }, { status: 200 }]);
  expect(Object.values(await server.samples('otlp_twice'))).toEqual([[[now, '1']]]);
  expect(await post('{}')).toEqual({ status: 200, type: 'application/json', body: {} });
  const protobuf = await post(new Uint8Array(), { 'content-type': 'application/x-protobuf' });
  expect(protobuf).toEqual({ status: 200, type: 'application/x-protobuf', body: '' });
});

test.each<[string, string | Uint8Array, Readonly<Record<string, string>>, number]>([
  ['no JSON', '{', {}, 400],
  ['no protobuf', 'hello', { 'content-type': 'application/x-protobuf' }, 400],
  ['another type', '{}', { 'content-type': 'text/plain' }, 415],
  ['another encoding', '{}', { 'content-encoding': 'snappy' }, 415],
  ['no gzip', '{}', { 'content-encoding': 'gzip' }, 400],
  ['a bomb', gzipSync(new Uint8Array(80 * 1024 * 1024)), { 'content-encoding': 'gzip' }, 413],
  ['another key', '{}', { authorization: 'Bearer tsr_other' }, 401],
])('%s is refused with a status in the encoding of the request', async (_, body, headers, status) => {
  const answer = await post(body, headers);
  expect(answer.status).toBe(status);
  const isProtobuf = headers['content-type'] === 'application/x-protobuf';
  expect(answer.type).toBe(isProtobuf ? 'application/x-protobuf' : 'application/json');
  if (!isProtobuf) expect(answer.body).toMatchObject({ message: expect.any(String) });
});

test('while the database is away exporters are told to come again', async () => {
  const fails = <T extends object>(room: T): T =>
    new Proxy(room, {
      get: (target, name) =>
        name === 'insert' ? () => Promise.reject(new Error('connection refused')) : Reflect.get(target, name),
    });
  const broken = await startDoorServer((storage): Storage => ({ ...storage, batches: fails(storage.batches) }));
  const answer = await post(gauges(['otlp_away', now]), {}, broken);
  await broken.close();
  expect(answer).toMatchObject({ status: 503, body: { code: 14 } });
});
