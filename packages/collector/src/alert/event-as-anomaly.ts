import type { Anomaly, AnomalyEvent } from '@tarsier/protocol';

/**
 * An event of a host for rules of the kind `anomaly`, whose selector is `anomaly_event`, or `anomaly_event{host="db-1"}`,
 * and whose score is the event's surprise. It has the labels of its host, so that hosts of one cluster belong together.
 */
export function eventAsAnomaly({
  id,
  host,
  labels,
  start,
  end,
  peakAt,
  peakSurprise,
  peakRatio,
  reason,
}: AnomalyEvent): Anomaly {
  return {
    id,
    host,
    metric: 'anomaly_event',
    labels: { ...labels, host },
    detector: 'events',
    start,
    ...(end === undefined ? {} : { end }),
    peakScore: peakSurprise,
    peakAt,
    value: peakRatio,
    expected: 0,
    reason,
  };
}
