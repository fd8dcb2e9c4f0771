/** What the real OpenTelemetry SDK sends, taken off the wire: every kind of instrument, and two spans. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { OTLPMetricExporter as JsonMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** Bodies by `metrics.json`, `metrics.bin`, `traces.json`, `traces.bin`: each signal once, in both encodings. */
export type Captured = ReadonlyMap<string, Buffer>;

export async function captureFromSdk(temporality: 'cumulative' | 'delta'): Promise<Captured> {
  const captured = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      const extension = request.headers['content-type'] === 'application/json' ? 'json' : 'bin';
      const name = `${request.url?.split('/').at(-1)}.${extension}`;
      // The second of a signal is what comes at the end: nothing new.
      if (!captured.has(name)) captured.set(name, plain);
      response
        .writeHead(200, { 'content-type': request.headers['content-type'] ?? '' })
        .end(extension === 'json' ? '{}' : '');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/v1`;
  await exportMetrics(`${url}/metrics`, temporality);
  await exportSpans(`${url}/traces`);
  server.closeAllConnections();
  server.close();
  return captured;
}

const resource = resourceFromAttributes({
  'service.name': 'checkout',
  'service.namespace': 'shop',
  'service.instance.id': 'checkout-1',
  'process.command_args': ['node', 'server.js'],
});

async function exportMetrics(url: string, temporality: 'cumulative' | 'delta'): Promise<void> {
  const exporter = both(new JsonMetricExporter({ url }), new ProtobufMetricExporter({ url }), temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [
      { instrumentName: 'payload.size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
      {
        instrumentName: 'request.duration',
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [0.1, 0.5, 1] } },
      },
    ],
  });
  const meter = provider.getMeter('shop-instrumentation', '1.2.3');
  const orders = meter.createCounter('orders.placed', { unit: '{order}', description: 'Orders that were placed.' });
  orders.add(3, { 'payment.method': 'card' });
  orders.add(2 ** 53 + 2, { 'payment.method': 'größe "x"\n' });
  meter.createUpDownCounter('connections', { unit: '{connection}' }).add(-2);
  meter
    .createObservableGauge('pool.usage', { unit: '1' })
    .addCallback((result) => result.observe(0.25, { pool: 'db' }));
  const duration = meter.createHistogram('request.duration', { unit: 's', description: 'How long requests took.' });
  for (const seconds of [0.05, 0.3, 0.4, 2]) duration.record(seconds, { 'http.route': '/pay' });
  const size = meter.createHistogram('payload.size', { unit: 'By' });
  for (const bytes of [0, 100, 1000, 1500, 40_000]) size.record(bytes);
  await provider.forceFlush();
  await provider.shutdown();
}

/** One exporter that sends each collection in both encodings. */
function both(json: JsonMetricExporter, protobuf: ProtobufMetricExporter, temporality: string): PushMetricExporter {
  return {
    export(metrics, done) {
      json.export(metrics, () => protobuf.export(metrics, done));
    },
    selectAggregationTemporality: () =>
      temporality === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    forceFlush: async () => {
      await json.forceFlush();
      await protobuf.forceFlush();
    },
    shutdown: async () => {
      await json.shutdown();
      await protobuf.shutdown();
    },
  };
}

async function exportSpans(url: string): Promise<void> {
  const provider = new TracerProvider({
    resource,
    spanProcessors: [
      new SimpleSpanProcessor({ exporter: new JsonTraceExporter({ url }) }),
      new SimpleSpanProcessor({ exporter: new ProtobufTraceExporter({ url }) }),
    ],
  });
  const span = provider.getTracer('agent', '0.1.0').startSpan('chat some-model', {
    kind: SpanKind.CLIENT,
    startTime: [1_764_000_000, 250_000_500],
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.usage.input_tokens': 1200,
      'gen_ai.response.finish_reasons': ['stop'],
    },
  });
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'overloaded' });
  span.end([1_764_000_001, 750_000_500]);
  await provider.forceFlush();
  await provider.shutdown();
}
