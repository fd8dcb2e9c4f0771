/** Gauge: goes up and down. Counter: only grows, but for resets to zero; read through its rate. */
export type MetricKind = 'gauge' | 'counter';

export const metricKinds: readonly MetricKind[] = ['gauge', 'counter'];

/** What a metric means: shared by all its series. */
export interface MetricDescription {
  readonly name: string;
  readonly kind: MetricKind;
  /** OpenMetrics base unit (`bytes`, `seconds`, `ratio`), or '' for plain counts. */
  readonly unit: string;
  /** One sentence for a person who sees the name for the first time. */
  readonly help: string;
}

/** Metric names as Prometheus has them: `[a-zA-Z_:][a-zA-Z0-9_:]*`, at most 256 characters. */
export function isMetricName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]{0,255}$/u.test(name);
}
