import type { Anomaly, AnomalyEvent } from '@tarsier/protocol';
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

/**
 * The parts that shown series have in events, of each event the strongest: a host's event is known two samples sooner than
 * an anomaly of a series. Where one of that host has an anomaly of its own meanwhile, that one says it.
 *
 * @param own  anomalies of the shown series
 */
export function partsInEvents(
  events: readonly AnomalyEvent[],
  own: readonly Anomaly[],
  series: readonly Shown[],
  from: number,
  to: number,
): readonly Anomaly[] {
  const shown = new Set(series.map(seriesSignature));
  return events.flatMap(({ id, host, start, end = to, reason, contributors }) => {
    const isKnown = own.some((one) => one.host === host && one.start <= end && (one.end ?? to) >= start);
    if (isKnown || start > to || end < from) return [];
    const part = contributors.find(({ metric, labels }) => shown.has(seriesSignature({ name: metric, labels })));
    if (part === undefined) return [];
    const { since, detectors, strength: _, ...rest } = part;
    return { ...rest, id, host, detector: detectors[0] ?? '', start: since, ...(end < to ? { end } : {}), reason };
  });
}

/** Of the series that the anomaly's values are of. */
export function signatureOf({ metric, labels, host }: Anomaly): string {
  return seriesSignature({ name: metric, labels: { ...labels, host } });
}
