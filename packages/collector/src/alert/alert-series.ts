import { createHash } from 'node:crypto';
import { seriesSignature, type Alert, type Labels, type UnixMs } from '@tarsier/protocol';
import type { Rule } from '@tarsier/protocol/api';
import type { StoredSamples } from '../stored-samples.ts';

/** The series that an alert is about. */
export interface AlertSeries {
  readonly host: string;
  readonly metric: string;
  /** `host` included. */
  readonly labels: Labels;
  readonly signature: string;
}

export type Matches = (series: { readonly name: string; readonly labels: Labels }) => boolean;

export function alertSeries({ host, metric, labels }: Omit<AlertSeries, 'signature'>): AlertSeries {
  return { host, metric, labels, signature: seriesSignature({ name: metric, labels }) };
}

/** The columns of a schema whose series match. */
export function matchingColumns(
  { schema, host }: StoredSamples['schema'],
  matches: Matches,
): readonly { readonly column: number; readonly series: AlertSeries }[] {
  return schema.series.flatMap((series, column) => {
    const metric = schema.metrics[series.metric]?.name ?? '';
    const labels = { ...series.labels, host };
    return matches({ name: metric, labels }) ? [{ column, series: alertSeries({ host, metric, labels }) }] : [];
  });
}

/** An alert that begins; its id follows from what it is. A hash, because labels can be longer than a key may be. */
export function newAlert(
  { id: ruleId, name, severity, kind, shadowUntil }: Rule,
  { signature, ...series }: AlertSeries,
  since: UnixMs,
): Omit<Alert, 'state' | 'reason'> {
  const id = createHash('sha256').update(`${ruleId}\n${signature}\n${since}`).digest('hex').slice(0, 32);
  return {
    id,
    ruleId,
    name,
    severity,
    ...series,
    ...(kind === 'anomaly' ? { isAnomaly: true } : {}),
    ...(shadowUntil === undefined ? {} : { shadowUntil }),
  };
}
