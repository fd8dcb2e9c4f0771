export { FormatError } from './format-error.ts';
export type { FormatReading, FormatSample } from './format-sample.ts';
export { maxLineLength } from './format-sample.ts';
export type { JsonSample } from './json-line.ts';
export { parseJsonLine, parseJsonLines } from './json-line.ts';
export { describeMetric, kindByName, toLabelName, toLabelValue, toMetricName, unitByName } from './names.ts';
export { createPrometheusReader, parseOpenMetrics, parsePrometheusText } from './prometheus-text.ts';
export {
  openMetricsFamily,
  openMetricsHeader,
  openMetricsLine,
  prometheusHeader,
  prometheusLine,
} from './prometheus-writer.ts';
export type { CsvOptions } from './csv.ts';
export { parseCsv } from './csv.ts';
export { csvHeader, csvRow, csvSeries, toCsv } from './csv-writer.ts';
export type { InfluxPrecision, InfluxReading } from './influx-line.ts';
export { parseInfluxLines } from './influx-line.ts';
export type { NagiosOutput, NagiosPerfdata, NagiosRange } from './nagios.ts';
export { parseNagiosOutput } from './nagios.ts';
export type { Families, FamilyType } from './metric-families.ts';
export { createFamilies } from './metric-families.ts';
