export type { Alert, AlertState, Anomaly, AnomalyShare, Severity } from './alert.ts';
export { severities } from './alert.ts';
export type { AnomalyContributor, AnomalyEvent } from './anomaly-event.ts';
export type { BatchEnvelope } from './batch.ts';
export {
  batchContentType,
  decodeEnvelope,
  encodeEnvelope,
  maxBatchBytes,
  maxHostLength,
  wireVersion,
  withSchema,
} from './batch.ts';
export { BatchError } from './bytes.ts';
export type { ErrorMeaning } from './error-meanings.ts';
export { errorMeanings } from './error-meanings.ts';
export type { ErrorBody, TarsierErrorOptions } from './errors.ts';
export { describeError, describeValue, TarsierError } from './errors.ts';
export type {
  Decision,
  HoldReason,
  Incident,
  Message,
  Priority,
  PriorityPart,
  TellReason,
  Telling,
  TimelineEntry,
} from './incident.ts';
export type { Job, JobError, JobEvent, JobProgress, JobState, JobWaiting } from './job.ts';
export type { Labels, SeriesIdentity } from './labels.ts';
export {
  canonicalLabels,
  escapeLabelValue,
  isLabelName,
  maxLabels,
  maxLabelValueLength,
  seriesSignature,
} from './labels.ts';
export type { MetricDescription, MetricKind } from './metric.ts';
export { isMetricName, metricKinds } from './metric.ts';
export type { Nanos } from './money.ts';
export { formatUsd, maxUsd, parseUsd, priceOf } from './money.ts';
export type { Compress, Decompress, PayloadCursor, SampleMatrix } from './payload.ts';
export { countSamples, decodePayload, encodePayload, openPayload, payloadLimits } from './payload.ts';
export type { SeriesColumn, UnixMs } from './sample.ts';
export { markStale, staleRows } from './staleness.ts';
export type { SeriesSchema } from './schema.ts';
export { decodeSchema, encodeSchema } from './schema.ts';
export { describeIssue, expectationOf, got } from './schema-issue.ts';
