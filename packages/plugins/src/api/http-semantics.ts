/** OpenTelemetry's conventions for HTTP servers, as requests: https://opentelemetry.io/docs/specs/semconv/http/ */
import type { Attributes, OtlpMetric, OtlpResource, OtlpSpan } from '@tarsier/protocol/otlp';
import { durationOf, rebucket } from '../calls/durations.ts';
import type { IncreaseTracker } from '../calls/increase.ts';
import type { PushRefusal } from '../doors/pushed-series.ts';
import type { ApiRequests, Ledger } from './ledger.ts';
import { requestDuration } from './metrics.ts';

const spanKindServer = 2;
const statusError = 2;

export function isServerSpan({ kind, attributes }: OtlpSpan): boolean {
  return kind === spanKindServer && methodOf(attributes) !== '';
}

export function isServerMetric({ name }: OtlpMetric): boolean {
  return name === 'http.server.request.duration';
}

/** @returns why it is not counted */
export function takeSpan(ledger: Ledger, span: OtlpSpan): PushRefusal | undefined {
  const { attributes, resource, status, startMs, endMs } = span;
  return ledger.requests({
    ...requestOf(attributes, resource),
    error: text(attributes, 'error.type') || (status?.code === statusError ? 'error' : ''),
    count: 1,
    durations: durationOf(Math.max(0, endMs - startMs) / 1000, requestDuration),
  });
}

/** @returns reasons why points are not counted */
export function takeMetric(
  ledger: Ledger,
  increases: IncreaseTracker,
  { name, data, resource }: OtlpMetric,
): PushRefusal[] {
  if (data.kind !== 'histogram') return [];
  return data.points.flatMap((point) => {
    const { attributes, explicitBounds } = point;
    const key = [name, ...resource.attributes, ...attributes].join('\0');
    const increase = increases.of(key, data.temporality, point);
    if (increase === undefined || increase.count === 0) return [];
    const { count, sum, bucketCounts } = increase;
    const counts = rebucket(bucketCounts, explicitBounds, requestDuration);
    const refused = ledger.requests({
      ...requestOf(attributes, resource),
      error: text(attributes, 'error.type'),
      count,
      durations: { count, seconds: sum, counts },
    });
    return refused ?? [];
  });
}

function requestOf(
  attributes: Attributes,
  { attributes: of }: OtlpResource,
): Pick<ApiRequests, 'service' | 'method' | 'route' | 'status'> {
  return {
    service: text(of, 'service.name'),
    method: methodOf(attributes),
    route: text(attributes, 'http.route'),
    status: Number(attributes.get('http.response.status_code') ?? attributes.get('http.status_code') ?? 0) || 0,
  };
}

function methodOf(attributes: Attributes): string {
  return text(attributes, 'http.request.method') || text(attributes, 'http.method');
}

function text(attributes: Attributes, name: string): string {
  return String(attributes.get(name) ?? '');
}
