import type { MetricDescription } from '../metric.ts';
import type { UnixMs } from '../sample.ts';

/** The lines that come before a metric's samples in Prometheus's text format. */
export function prometheusHeader({ name, kind, help }: MetricDescription): string {
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `${help === '' ? '' : `# HELP ${name} ${text}\n`}# TYPE ${name} ${kind}\n`;
}

/** @param series  as {@link seriesSignature} writes it */
export function prometheusLine(series: string, value: number, time?: UnixMs): string {
  return `${series} ${prometheusValue(value)}${time === undefined ? '' : ` ${time}`}\n`;
}

/** A double in as few digits as bring it back. */
export function prometheusValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}
