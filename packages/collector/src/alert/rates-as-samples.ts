import type { HostRates } from '../detect/events/anomaly-rates.ts';
import type { StoredSamples } from '../stored-samples.ts';

/**
 * Shares of unusual series as rules take samples: `host_anomaly_ratio` and `group_anomaly_ratio` of a host. One batch
 * for each series: their times are not the same.
 */
export function ratesAsSamples({ scope, host, series }: HostRates): readonly StoredSamples[] {
  return series.map(({ metric, labels, times, values }) => ({
    epoch: 0,
    seq: 0,
    schema: {
      scope,
      hostId: 0,
      host,
      hash: new Uint8Array(16),
      schema: { metrics: [metric], series: [{ metric: 0, labels }] },
      seriesIds: Int32Array.of(0),
      agent: false,
    },
    matrix: { times: Float64Array.from(times), width: 1, values: Float64Array.from(values) },
  }));
}
