/** Exported samples as text, in the formats that others read. */
import { seriesSignature } from '@tarsier/protocol';
import {
  csvHeader,
  csvRow,
  csvSeries,
  openMetricsFamily,
  openMetricsHeader,
  openMetricsLine,
  prometheusHeader,
  prometheusLine,
} from '@tarsier/protocol/formats';
import type { SeriesRow } from '../storage/series-catalog.ts';
import type { SeriesResult } from './query.ts';

export interface ExportFormat {
  readonly contentType: string;
  /** @param series  all that may come */
  start(series: readonly SeriesRow[]): ExportWriter;
}

interface ExportWriter {
  /** Before everything else. */
  readonly head: string;
  /** What comes before the first series of a metric. */
  header(series: SeriesRow): string;
  /** The line of each sample of a series. */
  lines(series: SeriesRow): (value: number, time: number) => string;
  /** After all. A text that ends without it is not whole. */
  readonly end: string;
}

export const exportFormats = {
  prometheus: {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    start: () => ({
      head: '',
      header: prometheusHeader,
      lines: (series) => {
        const signature = seriesSignature(series);
        return (value, time) => prometheusLine(signature, value, time);
      },
      end: '',
    }),
  },
  openmetrics: {
    contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    start(all) {
      const names = new Set(all.map(({ name }) => name));
      return {
        head: '',
        header: (series) => openMetricsHeader(series, names.has(openMetricsFamily(series.name))),
        lines: (series) => {
          const signature = seriesSignature(series);
          return (value, time) => openMetricsLine(signature, value, time);
        },
        end: '# EOF\n',
      };
    },
  },
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    start(all) {
      const labels = [...new Set(all.flatMap((series) => Object.keys(series.labels)))].toSorted();
      return {
        head: csvHeader(labels),
        header: () => '',
        lines: (series) => {
          const row = csvSeries(series, labels);
          return (value, time) => csvRow(row, value, time);
        },
        end: '',
      };
    },
  },
  json: {
    contentType: 'application/x-ndjson',
    start: () => ({
      head: '',
      header: () => '',
      lines: ({ name, kind, unit, labels }) => {
        const before = `{"name":${JSON.stringify(name)},"value":`;
        const after = `,"kind":"${kind}","unit":${JSON.stringify(unit)},"labels":${JSON.stringify(labels)},"time":`;
        // JSON has no other numbers; a sample that is none is left out.
        return (value, time) =>
          Number.isFinite(value) ? `${before}${Object.is(value, -0) ? '-0' : value}${after}${time}}\n` : '';
      },
      end: '',
    }),
  },
} as const satisfies Readonly<Record<string, ExportFormat>>;

/** Some, so that no piece is longer than that by much. */
const pieceLength = 65_536;

/** The text, piece by piece. */
export async function* exportText(
  format: ExportFormat,
  all: readonly SeriesRow[],
  results: AsyncIterable<SeriesResult>,
): AsyncGenerator<string> {
  const writer = format.start(all);
  let piece = writer.head;
  let metric: string | undefined;
  for await (const { series, column } of results) {
    if (series.name !== metric) piece += writer.header(series);
    metric = series.name;
    const line = writer.lines(series);
    for (const [row, time] of column.times.entries()) {
      piece += line(column.values[row] ?? Number.NaN, time);
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = '';
    }
  }
  yield piece + writer.end;
}
