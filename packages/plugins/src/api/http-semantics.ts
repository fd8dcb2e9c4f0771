/** OpenTelemetry's conventions for HTTP servers, as requests: https://opentelemetry.io/docs/specs/semconv/http/ */
import type { Attributes, OtlpMetric, OtlpResource, OtlpSpan } from '@tarsier/protocol/otlp';
import { attributeText } from '../calls/attribute-text.ts';
import type { ToldIncrease } from '../calls/call-doors.ts';
import { durationOf, rebucket } from '../calls/durations.ts';
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
    error: attributeText(attributes, 'error.type') || (status?.code === statusError ? 'error' : ''),
    count: 1,
    durations: durationOf(Math.max(0, endMs - startMs) / 1000, requestDuration),
  });
}

/** @returns why it is not counted */
export function takeIncrease(ledger: Ledger, told: ToldIncrease): PushRefusal | undefined {
  const { attributes, resource, count, sum } = told;
  const counts = rebucket(told.bucketCounts, told.bounds, requestDuration);
  return ledger.requests({
    ...requestOf(attributes, resource),
    error: attributeText(attributes, 'error.type'),
    count,
    durations: { count, seconds: sum, counts },
  });
}

function requestOf(
  attributes: Attributes,
  { attributes: of }: OtlpResource,
): Pick<ApiRequests, 'service' | 'method' | 'route' | 'status'> {
  return {
    service: attributeText(of, 'service.name'),
    method: methodOf(attributes),
    route: attributeText(attributes, 'http.route'),
    status: Number(attributes.get('http.response.status_code') ?? attributes.get('http.status_code') ?? 0) || 0,
  };
}

function methodOf(attributes: Attributes): string {
  return attributeText(attributes, 'http.request.method', 'http.method');
}
