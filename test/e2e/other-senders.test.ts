import { InfluxDB, Point, setLogger } from '@influxdata/influxdb-client';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
afterEach(killAll);
afterAll(() => folder.remove());

const rounds = 30;
/** Between two rounds, so that the kills come in the middle. */
const roundMs = 150;
const killsAfter = [8, 18];
/** `ExportResultCode.SUCCESS` of the SDK's core. */
const success = 0;

test('what OpenTelemetry and InfluxDB clients send is there once, though the collector is killed meanwhile', async () => {
  // The client tells the console of each retry.
  setLogger({ error() {}, warn() {} });
  const port = await freePort();
  let collector = await startCollector(data, port);
  const { url } = collector;
  const key = await createKey(data, 'ingest');
  const api = createApi(url, await createKey(data, 'read'));
  const began = Date.now();

  const applications = [JsonExporter, ProtobufExporter].map((Exporter, index) => {
    const exporter = new Exporter({ url: `${url}/v1/metrics`, headers: { authorization: `Bearer ${key}` } });
    let added = 0;
    const stored = new Set<number>();
    const send = exporter.export.bind(exporter);
    // It gives up after five tries: only what it was told is stored has to be there.
    exporter.export = (metrics, done) => {
      const value = added;
      send(metrics, (result) => {
        const code: number = result.code;
        if (code === success) stored.add(value);
        done(result);
      });
    };
    // Whenever it is told to, and never by itself.
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const resource = resourceFromAttributes({ 'service.name': `shop-${index}`, 'host.name': 'app-1' });
    const provider = new MeterProvider({ resource, readers: [reader] });
    const orders = provider.getMeter('shop').createCounter('orders');
    return {
      stored,
      order() {
        added++;
        orders.add(1);
        return provider.forceFlush();
      },
      stop: () => provider.shutdown(),
    };
  });
  const retries = { maxRetries: 50, minRetryDelay: 50, maxRetryDelay: 500, retryJitter: 10 };
  const points = new InfluxDB({ url, token: key, timeout: 30_000 }).getWriteApi('org', 'bucket', 'ms', {
    ...retries,
    batchSize: 1,
    flushInterval: 0,
  });

  /** Away for some rounds, as it is while it is updated. */
  async function restart(): Promise<void> {
    await collector.end('SIGKILL');
    collector = await startCollector(data, port);
  }
  let restarting = Promise.resolve();
  for (let round = 0; round < rounds; round++) {
    points.writePoint(
      new Point('door')
        .tag('host', 'box')
        .intField('opened', round)
        .timestamp(began + round),
    );
    const flushed = applications.map(({ order }) => order());
    if (killsAfter.includes(round)) restarting = restart();
    await Promise.all(flushed);
    await sleep(roundMs);
  }
  await restarting;
  await points.close();
  await Promise.all(applications.map(({ stop }) => stop()));

  const [door] = await eventually(async () => {
    const found = await api.samples('door_opened', began, began + rounds);
    return found[0]?.points.length === rounds ? found : undefined;
  });
  expect(door).toEqual({
    metric: { __name__: 'door_opened', host: 'box' },
    points: Array.from({ length: rounds }, (_, round) => [began + round, round]),
  });
  for (const [index, { stored }] of applications.entries()) {
    const [orders] = await api.samples(`orders_total{host="app-1",job="shop-${index}"}`, began, Date.now());
    const values = orders?.points.map(([, value]) => value) ?? [];
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    // The last one is sent once more when the SDK is shut down.
    expect(values.slice(-2)).toEqual([rounds, rounds]);
    expect(new Set(values).size).toBe(values.length - 1);
    expect([...stored].filter((value) => !values.includes(value))).toEqual([]);
  }
  expect(await collector.end('SIGTERM')).toBe(0);
});
