import type { Anomaly } from '@tarsier/protocol';
import type { Labels } from '@tarsier/protocol/labels';
import { seriesSignature } from '@tarsier/protocol/labels';

interface Shown {
  readonly name: string;
  readonly labels: Labels;
}

/** Anomalies of the shown series, by metric, labels and host; an anomaly's labels may leave out the host. */
export function anomaliesOf(
  anomalies: readonly Anomaly[],
  series: readonly Shown[],
  from: number,
  to: number,
): readonly Anomaly[] {
  if (anomalies.length === 0) return anomalies;
  const shown = new Set(series.map(seriesSignature));
  return anomalies.filter(
    ({ metric, labels, host, start, end }) =>
      start <= to && (end ?? to) >= from && shown.has(seriesSignature({ name: metric, labels: { ...labels, host } })),
  );
}
