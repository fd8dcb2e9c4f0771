import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLabelName, isMetricName, maxLabelValueLength, seriesSignature } from '../index.ts';
import { createDeltaSums, decodeMetrics, otlpSamples, type OtlpMetric } from './index.ts';
import { prometheusName, prometheusUnit, type NameKind } from './naming.ts';

/** By series, as Prometheus writes them. */
function bySeries(metrics: readonly OtlpMetric[]): Record<string, number> {
  return Object.fromEntries(
    otlpSamples(metrics).samples.map(({ metric, labels, value }) => [
      seriesSignature({ name: metric.name, labels }),
      value,
    ]),
  );
}

/** Metrics as a sender would write them in JSON. */
function metrics(dataOf: Record<string, unknown>, more: { resource?: unknown; name?: string; unit?: string } = {}) {
  const { resource, name = 'm', unit = '' } = more;
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name, unit, ...dataOf }] }] }] };
  return decodeMetrics(new TextEncoder().encode(JSON.stringify(body)), { encoding: 'json' });
}

test('what the SDK sent becomes the series that Prometheus would make of it', () => {
  const body = readFileSync(new URL('./testdata/metrics.bin', import.meta.url));
  const series = bySeries(decodeMetrics(body, { encoding: 'protobuf' }));
  const of = 'instance="checkout-1",job="shop/checkout"';
  expect(series).toMatchObject({
    [`target_info{${of},process_command_args="[\\"node\\",\\"server.js\\"]"}`]: 1,
    [`orders_placed_total{${of},payment_method="card"}`]: 3,
    [`orders_placed_total{${of},payment_method="größe \\"x\\"\\n"}`]: 2 ** 53 + 2,
    [`connections{${of}}`]: -2,
    [`pool_usage_ratio{${of},pool="db"}`]: 0.25,
    [`request_duration_seconds_bucket{http_route="/pay",${of},le="0.1"}`]: 1,
    [`request_duration_seconds_bucket{http_route="/pay",${of},le="0.5"}`]: 3,
    [`request_duration_seconds_bucket{http_route="/pay",${of},le="1"}`]: 3,
    [`request_duration_seconds_bucket{http_route="/pay",${of},le="+Inf"}`]: 4,
    [`request_duration_seconds_sum{http_route="/pay",${of}}`]: 2.75,
    [`request_duration_seconds_count{http_route="/pay",${of}}`]: 4,
    [`payload_size_bytes_bucket{${of},le="64"}`]: 1,
    [`payload_size_bytes_bucket{${of},le="128"}`]: 2,
    [`payload_size_bytes_bucket{${of},le="1024"}`]: 3,
    [`payload_size_bytes_bucket{${of},le="2048"}`]: 4,
    [`payload_size_bytes_bucket{${of},le="65536"}`]: 5,
    [`payload_size_bytes_bucket{${of},le="+Inf"}`]: 5,
    [`payload_size_bytes_sum{${of}}`]: 42_600,
    [`payload_size_bytes_count{${of}}`]: 5,
  });
  // 41 powers of two and +Inf.
  expect(Object.keys(series).filter((name) => name.startsWith('payload_size_bytes_bucket')).length).toBe(42);
});

describe('names', () => {
  test.each<[name: string, unit: string, kind: NameKind, expected: string | undefined]>([
    ['http.server.request.duration', 's', 'distribution', 'http_server_request_duration_seconds'],
    ['system.network.io', 'By', 'counter', 'system_network_io_bytes_total'],
    ['system.cpu.utilization', '1', 'gauge', 'system_cpu_utilization_ratio'],
    ['requests', '1', 'counter', 'requests_total'],
    ['requests_total', '{request}', 'counter', 'requests_total'],
    ['total.requests', '', 'counter', 'requests_total'],
    ['memory.bytes', 'By', 'gauge', 'memory_bytes'],
    ['transfer.rate', 'MBy/s', 'gauge', 'transfer_rate_megabytes_per_second'],
    ['speed', 'm/s', 'gauge', 'speed_meters_per_second'],
    ['queue..length--now', '', 'gauge', 'queue_length_now'],
    ['5xx', '', 'counter', '_5xx_total'],
    ['temperature', 'Cel', 'gauge', 'temperature_celsius'],
    ['odd', 'furlong', 'gauge', 'odd_furlong'],
    ['Größe', '', 'gauge', 'Gr_e'],
    ['…', '', 'counter', undefined],
  ])('%s in %s, a %s, is %s', (name, unit, kind, expected) => {
    expect(prometheusName(name, unit, kind)).toBe(expected);
  });

  test('a unit of many braces takes no time', () => {
    expect(prometheusUnit('{'.repeat(1_000_000))).toBe('');
  });
});

describe('what can not be taken is counted, and the first one explained', () => {
  const point = { asInt: 1 };
  test.each<[what: string, data: Record<string, unknown>, message: RegExp]>([
    [
      'a sum that went down',
      { sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asInt: -1 }] } },
      /only grows/u,
    ],
    ['a sum without temporality', { sum: { dataPoints: [point] } }, /delta or cumulative/u],
    [
      'too few buckets',
      { histogram: { aggregationTemporality: 2, dataPoints: [{ bucketCounts: [1], explicitBounds: [1, 2] }] } },
      /3 buckets for 2 bounds, got 1/u,
    ],
    [
      'bounds that go down',
      { histogram: { aggregationTemporality: 2, dataPoints: [{ bucketCounts: [1, 1, 1], explicitBounds: [2, 1] }] } },
      /ascending/u,
    ],
    [
      'a scale out of range',
      { exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ scale: 99 }] } },
      /scale/u,
    ],
    [
      'more labels than fit',
      {
        gauge: {
          dataPoints: [
            {
              asInt: 1,
              attributes: Array.from({ length: 40 }, (_, at) => ({ key: `k${at}`, value: { intValue: at } })),
            },
          ],
        },
      },
      /labels, got 40/u,
    ],
  ])('%s', (_, data, message) => {
    expect(otlpSamples(metrics(data))).toMatchObject({
      rejected: 1,
      samples: [],
      message: expect.stringMatching(message),
    });
  });

  test('and the points beside it are taken', () => {
    const sum = { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asInt: -1 }, { asInt: 2 }] };
    expect(otlpSamples(metrics({ sum }))).toMatchObject({ rejected: 1, samples: [{ value: 2 }] });
  });
});

test('a point without a value, or with one that is no number, is no sample and no fault', () => {
  const gauge = { dataPoints: [{ flags: 1 }, { asDouble: 'NaN' }, { asDouble: 'Infinity' }] };
  expect(otlpSamples(metrics({ gauge }))).toEqual({ samples: [], rejected: 0, message: '' });
});

test('attributes that become one label keep both values, and the service is not overruled', () => {
  const attributes = [
    { key: 'a.b', value: { stringValue: 'x' } },
    { key: 'a-b', value: { boolValue: true } },
    { key: 'job', value: { stringValue: 'other' } },
  ];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };
  expect(bySeries(metrics({ gauge: { dataPoints: [{ asInt: 1, attributes }] } }, { resource }))).toEqual({
    'm{a_b="x;true",job="shop"}': 1,
  });
});

test('of very many attributes of a service the first ones are told', () => {
  const attributes = Array.from({ length: 100 }, (_, at) => ({ key: `k${at}`, value: { intValue: at } }));
  const service = [
    { key: 'service.name', value: { stringValue: 'shop' } },
    { key: 'service.instance.id', value: { stringValue: '1' } },
  ];
  const resource = { attributes: [...service, ...attributes] };
  const { samples } = otlpSamples(metrics({ gauge: { dataPoints: [{ asInt: 1 }] } }, { resource }));
  expect(samples.map(({ metric, labels }) => [metric.name, Object.keys(labels).length])).toEqual([
    ['target_info', 31],
    ['m', 2],
  ]);
});

test('a summary keeps its quantiles', () => {
  const summary = {
    dataPoints: [
      {
        count: '4',
        sum: 10,
        quantileValues: [
          { quantile: 0.5, value: 2 },
          { quantile: 1, value: 'NaN' },
        ],
      },
    ],
  };
  expect(bySeries(metrics({ summary }, { unit: 's' }))).toEqual({
    'm_seconds{quantile="0.5"}': 2,
    m_seconds_count: 4,
    m_seconds_sum: 10,
  });
});

test('names, labels and values of whatever text are such as can be stored', () => {
  const text = fc.string({ unit: 'binary', maxLength: 2_000 });
  fc.assert(
    fc.property(text, text, text, text, (name, unit, key, value) => {
      const attributes = [{ key, value: { stringValue: value } }];
      const { samples, rejected } = otlpSamples(
        metrics({ gauge: { dataPoints: [{ asInt: 1, attributes }] } }, { name, unit }),
      );
      expect(samples.length + rejected).toBe(1);
      for (const { metric, labels } of samples) {
        expect(isMetricName(metric.name)).toBe(true);
        expect(metric.unit.length).toBeLessThanOrEqual(40);
        for (const [label, text] of Object.entries(labels)) {
          expect(isLabelName(label)).toBe(true);
          expect(text.length).toBeLessThanOrEqual(maxLabelValueLength);
          expect(text.isWellFormed()).toBe(true);
          expect(text).not.toContain('\0');
        }
      }
    }),
  );
});

describe('deltas', () => {
  const series = (n: number) => ({ name: 'm_total', labels: { n: String(n) } });

  test('add up, once each, whatever is sent again', () => {
    const sums = createDeltaSums({ maxSeries: 10, idleMs: 1_000, now: () => 0 });
    expect(sums.add(series(1), 5, 1_000)).toBe(5);
    expect(sums.add(series(1), 2, 2_000)).toBe(7);
    expect(sums.add(series(1), 2, 2_000)).toBe(7);
    expect(sums.add(series(2), 1, 1_500)).toBe(1);
    expect(sums.add(series(1), 1, 3_000)).toBe(8);
  });

  test('of more series than fit are refused until others have been idle', () => {
    let now = 0;
    const sums = createDeltaSums({ maxSeries: 100, idleMs: 1_000, now: () => now });
    for (let n = 0; n < 10_000; n++) {
      const expected = n < 100 ? 1 : undefined;
      expect(sums.add(series(n), 1, 1_000)).toBe(expected);
    }
    expect(sums.size).toBe(100);
    now = 1_001;
    sums.add(series(0), 1, 2_000);
    sums.expire(now);
    expect(sums.size).toBe(1);
    expect(sums.add(series(0), 1, 3_000)).toBe(3);
    expect(sums.add(series(500), 1, 3_000)).toBe(1);
  });
});
