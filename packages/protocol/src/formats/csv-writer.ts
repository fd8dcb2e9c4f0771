import type { SeriesIdentity } from '../labels.ts';
import type { MetricKind } from '../metric.ts';
import type { UnixMs } from '../sample.ts';
import { prometheusValue } from './prometheus-writer.ts';

/** The header of what {@link csvRow} writes, as `parseCsv` reads it. @param labels  their names, in order */
export function csvHeader(labels: readonly string[]): string {
  return `${['name', 'kind', 'time', 'value', ...labels].join(',')}\n`;
}

/** All of a row but time and value, which its many samples differ in. */
export function csvSeries(
  { name, labels, kind }: SeriesIdentity & { readonly kind: MetricKind },
  columns: readonly string[],
): { readonly before: string; readonly after: string } {
  const cells = columns.map((column) => `,${csvCell(Object.hasOwn(labels, column) ? (labels[column] ?? '') : '')}`);
  return { before: `${name},${kind},`, after: `${cells.join('')}\n` };
}

export function csvRow(series: ReturnType<typeof csvSeries>, value: number, time: UnixMs): string {
  return `${series.before}${new Date(time).toISOString()},${prometheusValue(value)}${series.after}`;
}

function csvCell(text: string): string {
  return /[",\r\n]|^\s|\s$/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table as RFC 4180 has it. */
export function toCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}
