import type { Anomaly } from '@tarsier/protocol';
import type { Labels } from '@tarsier/protocol/labels';
import { seriesSignature } from '@tarsier/protocol/labels';

interface Shown {
  readonly name: string;
  readonly labels: Labels;
}

/** Anomalies that a shown series is, or is a part of; an anomaly's labels may leave out the host. */
export function anomaliesOf(
  anomalies: readonly Anomaly[],
  series: readonly Shown[],
  from: number,
  to: number,
): readonly Anomaly[] {
  if (anomalies.length === 0) return anomalies;
  const shown = new Set(series.map(seriesSignature));
  return anomalies.filter(
    (anomaly) =>
      anomaly.start <= to &&
      (anomaly.end ?? to) >= from &&
      (shown.has(signatureOf(anomaly)) ||
        anomaly.contributors?.some(({ metric, labels }) => shown.has(seriesSignature({ name: metric, labels })))),
  );
}

/** Of the series that the anomaly's values are of. */
export function signatureOf({ metric, labels, host }: Anomaly): string {
  return seriesSignature({ name: metric, labels: { ...labels, host } });
}
