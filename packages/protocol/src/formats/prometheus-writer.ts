import type { MetricDescription } from '../metric.ts';
import type { UnixMs } from '../sample.ts';

interface ExposedMetric extends Pick<MetricDescription, 'kind' | 'name'> {
  readonly help?: string;
}

/** The lines that come before a metric's samples in Prometheus's text format. */
export function prometheusHeader({ name, kind, help = '' }: ExposedMetric): string {
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `${help === '' ? '' : `# HELP ${name} ${text}\n`}# TYPE ${name} ${kind}\n`;
}

/** @param series  as {@link seriesSignature} writes it */
export function prometheusLine(series: string, value: number, time?: UnixMs): string {
  return `${series} ${prometheusValue(value)}${time === undefined ? '' : ` ${time}`}\n`;
}

/** As {@link prometheusLine}, for OpenMetrics, which has seconds. */
export function openMetricsLine(series: string, value: number, time: UnixMs): string {
  return `${series} ${prometheusValue(value)} ${time / 1000}\n`;
}

/**
 * The type of a metric in OpenMetrics, where only what ends in `_total` is a counter, and is one of the family without.
 *
 * @param isTaken  whether the family would have the name of another metric
 */
export function openMetricsHeader({ name, kind }: Pick<MetricDescription, 'kind' | 'name'>, isTaken: boolean): string {
  if (kind === 'gauge') return `# TYPE ${name} gauge\n`;
  if (!name.endsWith('_total') || isTaken) return `# TYPE ${name} unknown\n`;
  return `# TYPE ${openMetricsFamily(name)} counter\n`;
}

export function openMetricsFamily(counter: string): string {
  return counter.slice(0, -'_total'.length);
}

/** A double in as few digits as bring it back. */
export function prometheusValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}
