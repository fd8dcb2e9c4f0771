/** Excursions as anomalies, and back. */
import { seriesSignature, type Anomaly, type Labels } from '@tarsier/protocol';
import { formatNumber, formatterOf, formatTime } from '../stats/format.ts';
import type { StoredSamples } from '../stored-samples.ts';
import type { Excursion, OpenExcursion } from './excursion.ts';

type Schema = StoredSamples['schema'];

/** The series that an excursion is of. */
export interface ExcursionSeries {
  readonly seriesId: number;
  readonly metric: string;
  /** `host` included. */
  readonly labels: Labels;
  readonly signature: string;
  readonly isCounter: boolean;
}

/** Larger says nothing more. */
const largestScore = 1_000;

export function identify({ host, schema, seriesIds }: Schema, column: number): ExcursionSeries {
  const series = schema.series[column];
  const { name = '', kind } = (series === undefined ? undefined : schema.metrics[series.metric]) ?? {};
  const labels = { ...series?.labels, host };
  return {
    seriesId: seriesIds[column] ?? 0,
    metric: name,
    labels,
    signature: seriesSignature({ name, labels }),
    isCounter: kind === 'counter',
  };
}

/** Its id follows from what it is, so that finding it again after a restart does not store it twice. */
export function anomalyOf(
  { scope, host }: Schema,
  { seriesId, metric, labels, signature, isCounter }: ExcursionSeries,
  { start, end, peakScore, peakAt, value, expected, spread }: Excursion,
  sigmas: number,
): Anomaly {
  const unit = isCounter ? ' per second' : '';
  const format = formatterOf(metric);
  const score = peakScore > largestScore ? `more than ${largestScore}` : formatNumber(Number(peakScore.toFixed(1)));
  return {
    id: `${scope.tenantId.toString(36)}-${seriesId.toString(36)}-z-${start.toString(36)}`,
    host,
    metric,
    labels,
    detector: 'zscore',
    start,
    ...(end === undefined ? {} : { end }),
    peakScore: Number(Math.min(peakScore, largestScore).toFixed(1)),
    peakAt,
    value,
    expected,
    low: expected - sigmas * spread,
    high: expected + sigmas * spread,
    reason:
      `${isCounter ? 'rate of ' : ''}${signature} was ${format(value)}${unit} at ${formatTime(peakAt)}, ` +
      `where ${format(expected)} ± ${format(Number(spread.toPrecision(2)))} was usual (${score} sigma); ` +
      `unusual since ${formatTime(start)}`,
  };
}

/** What an anomaly still tells of the excursion that it was made from. */
export function excursionOf({ start, peakScore, peakAt, value, expected }: Anomaly): OpenExcursion {
  const spread = Math.abs(value - expected) / Math.max(peakScore, 1);
  return { start, peakScore, peakAt, value, expected, spread };
}
