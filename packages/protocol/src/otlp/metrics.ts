/** ExportMetricsServiceRequest to a neutral form: opentelemetry-proto 1.x, `opentelemetry/proto/metrics/v1`. */
import { attributes } from './attributes.ts';
import { many, message, one, optional, renamed, type MessageOf } from './codec.ts';
import {
  decodeRequest,
  resource,
  scope,
  type OtlpDecodeOptions,
  type OtlpResource,
  type OtlpScope,
} from './request.ts';
import { bool, double, fixed64, nanosAsMs, sfixed64, sint32, string, uint } from './scalars.ts';

/** What every point has, but for the numbers of two fields. */
function point<A extends number, F extends number>(attributesNumber: A, flagsNumber: F) {
  return {
    startMs: renamed('startTimeUnixNano', one(2, nanosAsMs, 0)),
    timeMs: renamed('timeUnixNano', one(3, nanosAsMs, 0)),
    attributes: attributes(attributesNumber),
    flags: one(flagsNumber, uint, 0),
  };
}

const counted = { count: one(4, fixed64, 0), sum: optional(5, double) };

const numberPoint = {
  ...point(7, 8),
  asDouble: optional(4, double),
  asInt: optional(6, sfixed64),
};

const histogramPoint = {
  ...point(9, 10),
  ...counted,
  bucketCounts: many(6, fixed64, (reader) => reader.packedFixed64()),
  explicitBounds: many(7, double, (reader) => reader.packedDouble()),
};

const buckets = {
  offset: one(1, sint32, 0),
  bucketCounts: many(2, uint, (reader) => reader.packedUint()),
};

const exponentialPoint = {
  ...point(1, 10),
  ...counted,
  scale: one(6, sint32, 0),
  zeroCount: one(7, fixed64, 0),
  positive: optional(8, message(buckets)),
  negative: optional(9, message(buckets)),
  zeroThreshold: one(14, double, 0),
};

const summaryPoint = {
  ...point(7, 8),
  ...counted,
  quantileValues: many(6, message({ quantile: one(1, double, 0), value: one(2, double, 0) })),
};

const temporality = renamed('aggregationTemporality', one(2, uint, 0));

const metric = {
  name: one(1, string, ''),
  description: one(2, string, ''),
  unit: one(3, string, ''),
  gauge: optional(5, message({ points: renamed('dataPoints', many(1, message(numberPoint))) })),
  sum: optional(
    7,
    message({
      points: renamed('dataPoints', many(1, message(numberPoint))),
      temporality,
      monotonic: renamed('isMonotonic', one(3, bool, false)),
    }),
  ),
  histogram: optional(9, message({ points: renamed('dataPoints', many(1, message(histogramPoint))), temporality })),
  exponentialHistogram: optional(
    10,
    message({ points: renamed('dataPoints', many(1, message(exponentialPoint))), temporality }),
  ),
  summary: optional(11, message({ points: renamed('dataPoints', many(1, message(summaryPoint))) })),
};

const request = message({
  resourceMetrics: many(
    1,
    message({
      resource: optional(1, resource),
      scopeMetrics: many(2, message({ scope: optional(1, scope), metrics: many(2, message(metric)) })),
    }),
  ),
});

export type NumberPoint = MessageOf<typeof numberPoint>;
export type HistogramPoint = MessageOf<typeof histogramPoint>;
export type ExponentialHistogramPoint = MessageOf<typeof exponentialPoint>;
export type SummaryPoint = MessageOf<typeof summaryPoint>;

/** `delta`: since the point before; `cumulative`: since `startMs`. */
export type Temporality = 'unspecified' | 'delta' | 'cumulative';

export type OtlpData =
  | { readonly kind: 'gauge'; readonly points: readonly NumberPoint[] }
  | {
      readonly kind: 'sum';
      readonly temporality: Temporality;
      readonly monotonic: boolean;
      readonly points: readonly NumberPoint[];
    }
  | { readonly kind: 'histogram'; readonly temporality: Temporality; readonly points: readonly HistogramPoint[] }
  | {
      readonly kind: 'exponentialHistogram';
      readonly temporality: Temporality;
      readonly points: readonly ExponentialHistogramPoint[];
    }
  | { readonly kind: 'summary'; readonly points: readonly SummaryPoint[] };

export interface OtlpMetric {
  readonly resource: OtlpResource;
  readonly scope: OtlpScope;
  readonly name: string;
  readonly description: string;
  /** As OpenTelemetry writes it (UCUM): `s`, `By`, `{token}`, `1`. */
  readonly unit: string;
  readonly data: OtlpData;
}

/** The bit of a point's flags that says that there is no value. */
const noRecordedValue = 1;

/** Whether a point has a value: a series that has ended may say so by a point without one. */
export function isRecorded({ flags }: { readonly flags: number }): boolean {
  return flags % 2 !== noRecordedValue;
}

/**
 * Takes hostile bytes.
 *
 * @returns the metrics in their order, without those that have no points of a known kind
 * @throws {OtlpError} `otlp/json`, `otlp/field`, `otlp/too-large`
 * @throws {ProtobufError}
 */
export function decodeMetrics(body: Uint8Array, options: OtlpDecodeOptions): OtlpMetric[] {
  const metrics: OtlpMetric[] = [];
  for (const { resource: from, scopeMetrics } of decodeRequest(request, body, options).resourceMetrics) {
    const resource = from ?? { attributes: new Map() };
    for (const { scope: by, metrics: measured } of scopeMetrics) {
      const scope = by ?? { name: '', version: '' };
      for (const { name, description, unit, ...kinds } of measured) {
        const data = dataOf(kinds);
        if (data !== undefined) metrics.push({ resource, scope, name, description, unit, data });
      }
    }
  }
  return metrics;
}

type Kinds = Pick<MessageOf<typeof metric>, 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary'>;

function dataOf({ gauge, sum, histogram, exponentialHistogram, summary }: Kinds): OtlpData | undefined {
  if (gauge !== undefined) return { kind: 'gauge', points: gauge.points };
  if (sum !== undefined) return { kind: 'sum', ...sum, temporality: temporalityOf(sum.temporality) };
  if (histogram !== undefined)
    return { kind: 'histogram', points: histogram.points, temporality: temporalityOf(histogram.temporality) };
  if (exponentialHistogram !== undefined) {
    const { points, temporality } = exponentialHistogram;
    return { kind: 'exponentialHistogram', points, temporality: temporalityOf(temporality) };
  }
  if (summary !== undefined) return { kind: 'summary', points: summary.points };
  return undefined;
}

function temporalityOf(value: number): Temporality {
  return value === 1 ? 'delta' : value === 2 ? 'cumulative' : 'unspecified';
}
