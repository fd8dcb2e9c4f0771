/** OTLP, as receivers take it: requests to metrics and spans, metrics to series, and the answers. No I/O. */
export type { Attributes, AttributeValue } from './attributes.ts';
export { OtlpError } from './codec.ts';
export type { DeltaSums } from './delta-sums.ts';
export { createDeltaSums } from './delta-sums.ts';
export type {
  ExponentialHistogramPoint,
  HistogramPoint,
  NumberPoint,
  OtlpData,
  OtlpMetric,
  SummaryPoint,
  Temporality,
} from './metrics.ts';
export { decodeMetrics } from './metrics.ts';
export type { OtlpDecodeOptions, OtlpEncoding, OtlpResource, OtlpScope } from './request.ts';
export type { OtlpSignal } from './response.ts';
export { encodeExportResponse, encodeStatus, otlpContentTypes, otlpEncodingOf, rpcCodes } from './response.ts';
export type { OtlpSample, OtlpSamples } from './samples.ts';
export { otlpSamples } from './samples.ts';
export type { OtlpSpan } from './traces.ts';
export { decodeSpans } from './traces.ts';
