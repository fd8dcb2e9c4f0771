import { seriesSignature, type Alert, type Labels, type UnixMs } from '@tarsier/protocol';
import type { Rule } from '@tarsier/protocol/api';
import type { StoredSamples } from '../stored-samples.ts';
import { idOf } from './id-of.ts';
import type { OpenState } from './state-machine.ts';

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

/** An alert that begins. */
export function newAlert(
  { id: ruleId, name, severity, kind, shadowUntil, runbookUrl }: Rule,
  { signature, ...series }: AlertSeries,
  since: UnixMs,
): Omit<Alert, 'state' | 'reason'> {
  return {
    id: idOf(`${ruleId}\n${signature}\n${since}`),
    ruleId,
    name,
    severity,
    ...series,
    ...(kind === 'anomaly' ? { isAnomaly: true } : {}),
    ...(shadowUntil === undefined ? {} : { shadowUntil }),
    ...(runbookUrl === undefined ? {} : { annotations: { runbook_url: runbookUrl } }),
  };
}

/** An alert that is over. Agents' clocks may be ahead of the collector's: it never ends before it began. */
export function endedAlert(
  alert: Alert & { readonly state: OpenState },
  at: UnixMs,
  why: string,
  value = alert.state.value,
): Alert {
  const { since } = alert.state;
  return {
    ...alert,
    state: { kind: 'resolved', since, value, resolvedAt: Math.max(at, since) },
    reason: `${alert.reason}; over: ${why}`,
  };
}
