/**
 * Comma-separated values with a header (RFC 4180), as spreadsheets and databases write them: one sample per row, or one
 * per row and column. docs/doors.md says which column means what.
 */
import { maxLabels, maxLabelValueLength, type Labels } from '../labels.ts';
import type { MetricKind } from '../metric.ts';
import { FormatError } from './format-error.ts';
import { maxLineLength, maxUnixMs, type FormatReading, type FormatSample } from './format-sample.ts';
import { describeMetric, kindByName, toLabelName, toMetricName, unitByName } from './names.ts';
import { checkCount, createBadLines } from './read-lines.ts';
import { TextCursor } from './text-cursor.ts';
import { readValue } from './value.ts';

const plainPattern = /[^",\r\n]*/uy;
const blankLinePattern = /[ \t]*\r?(?:\n|$)/uy;
const rfc3339Pattern = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/u;
const maxColumns = 1_000;
/** Characters of a cell in an error. */
const mostShown = 20;
/** Below this, a time is seconds by mistake: as ms it would be in early 1973. */
const leastLikelyMs = 100_000_000_000;

interface Cell {
  readonly text: string;
  /** Offset in the text. */
  readonly at: number;
}

export interface CsvOptions {
  /** Columns that are a metric each; without any, the columns `name` and `value` say what a row is of. */
  readonly metrics?: readonly string[];
}

/**
 * A bad row costs only itself.
 *
 * @throws {FormatError} when the header does not say where time and values are
 */
export function parseCsv(text: string, { metrics = [] }: CsvOptions = {}): FormatReading {
  const cursor = new TextCursor(text.startsWith('\uFEFF') ? text.slice(1) : text);
  skipBlankLines(cursor);
  const header = cursor.atEnd ? [] : readRow(cursor);
  const columns = columnsOf(header, metrics, new TextCursor(cursor.text));
  const samples: FormatSample[] = [];
  const bad = createBadLines();
  for (skipBlankLines(cursor); !cursor.atEnd; skipBlankLines(cursor)) {
    const [before, start, line] = [samples.length, cursor.at, cursor.line];
    try {
      const row = readRow(cursor);
      if (row.length !== header.length) {
        throw new FormatError('format/syntax', line, 1, `expected ${header.length} columns, got ${row.length}`);
      }
      readSamples(row, columns, new TextCursor(cursor.text, line, start), samples);
      checkCount(samples, line);
    } catch (error) {
      // A row counts whole or not at all.
      samples.length = before;
      if (bad.add(error) === 'stop') break;
      if (cursor.line === line) {
        // A quote that does not end may have taken good rows with it.
        cursor.at = start;
        nextLine(cursor);
      }
    }
  }
  return { samples, badLines: bad.count, errors: bad.errors };
}

/** Where in a row everything is. */
interface Columns {
  readonly time: number;
  readonly kind: number | undefined;
  /** By name, or in the column of that number. */
  readonly values: readonly { readonly metric: string | number; readonly value: number }[];
  readonly labels: readonly { readonly name: string; readonly column: number }[];
}

function columnsOf(header: readonly Cell[], metrics: readonly string[], cursor: TextCursor): Columns {
  const names = header.map(({ text }) => text.trim());
  // The first of a name: a label may be called the same, further to the right.
  const place = (name: string): number | undefined => {
    const at = names.indexOf(name);
    return at < 0 ? undefined : at;
  };
  const wrong = (what: string): FormatError => new FormatError('format/syntax', 1, 1, what);
  const [time, name, value, kind] = ['time', 'name', 'value', 'kind'].map(place);
  if (time === undefined) throw wrong(`expected a header with the column time, got ${excerpt(names)}`);
  const values =
    metrics.length > 0
      ? metrics.map((metric) => {
          const column = place(metric);
          if (column === undefined) throw wrong(`expected a column ${metric}, got ${excerpt(names)}`);
          return { metric, value: column };
        })
      : name === undefined || value === undefined
        ? undefined
        : [{ metric: name, value }];
  if (values === undefined) {
    throw wrong(`expected the columns name and value, or ?metric=COLUMN for each that is one, got ${excerpt(names)}`);
  }
  const used = new Set([time, ...(metrics.length > 0 ? [] : [name, kind]), ...values.map((one) => one.value)]);
  const labels = names.flatMap((given, column) => (used.has(column) ? [] : [{ name: toLabelName(given), column }]));
  const twice = labels.find((label, index) => labels.findIndex((other) => other.name === label.name) < index);
  if (twice !== undefined) throw cursor.error('labels that differ', header[twice.column]?.at, `${twice.name} twice`);
  return { time, kind: metrics.length > 0 ? undefined : kind, values, labels };
}

function excerpt(names: readonly string[]): string {
  return JSON.stringify(names.join(',').slice(0, 80));
}

/** @param cursor  where the row begins, for errors */
function readSamples(row: readonly Cell[], columns: Columns, cursor: TextCursor, samples: FormatSample[]): void {
  const cell = (column: number): Cell => row[column] ?? { text: '', at: cursor.at };
  const time = timeOf(cell(columns.time), cursor);
  const labels = labelsOf(columns.labels, cell, cursor);
  for (const { metric, value: column } of columns.values) {
    const { text, at } = cell(column);
    // An empty cell is no sample.
    if (text.trim() === '') continue;
    const value = valueOf({ text, at }, cursor);
    const given = typeof metric === 'number' ? cell(metric) : { text: metric, at };
    if (given.text.trim() === '') throw wrongCell('the name of a metric', given, cursor);
    const name = toMetricName(given.text.trim());
    const kind = columns.kind === undefined ? kindByName(name) : kindOf(cell(columns.kind), name, cursor);
    samples.push({ metric: describeMetric(name, kind, unitByName(name), ''), labels, value, time });
  }
}

function valueOf(cell: Cell, cursor: TextCursor): number {
  const own = new TextCursor(cell.text.trim());
  try {
    const value = readValue(own);
    if (own.atEnd) return value;
  } catch {
    // Said below, with where it stands in the row.
  }
  throw wrongCell('a number, NaN, +Inf or -Inf', cell, cursor);
}

function timeOf(cell: Cell, cursor: TextCursor): number {
  const given = cell.text.trim();
  const time = rfc3339Pattern.test(given)
    ? Date.parse(given.replace(' ', 'T'))
    : /^\d+$/u.test(given)
      ? Number(given)
      : Number.NaN;
  if (time >= leastLikelyMs && time <= maxUnixMs) return time;
  throw wrongCell('RFC 3339 (2026-11-24T09:00:00Z) or Unix time in whole milliseconds', cell, cursor);
}

function kindOf(cell: Cell, name: string, cursor: TextCursor): MetricKind {
  const kind = cell.text.trim();
  if (kind === '') return kindByName(name);
  if (kind !== 'gauge' && kind !== 'counter') throw wrongCell('gauge or counter', cell, cursor);
  return kind;
}

function labelsOf(labels: Columns['labels'], cell: (column: number) => Cell, cursor: TextCursor): Labels {
  const pairs = labels.flatMap(({ name, column }): [string, string][] => {
    const one = cell(column);
    const { text } = one;
    if (text.length > maxLabelValueLength) throw wrongCell(`up to ${maxLabelValueLength} characters`, one, cursor);
    return text === '' ? [] : [[name, text]];
  });
  if (pairs.length > maxLabels) throw cursor.error(`up to ${maxLabels} labels`, undefined, String(pairs.length));
  return Object.fromEntries(pairs);
}

/** A row may be long, and hold what is nobody's business: no more of it is told than the cell. */
function wrongCell(expected: string, { text, at }: Cell, cursor: TextCursor): FormatError {
  return cursor.error(expected, at, text.trim() === '' ? 'an empty cell' : shortened(text));
}

function shortened(text: string): string {
  return JSON.stringify(text.length > mostShown ? `${text.slice(0, mostShown)}…` : text);
}

function restOf({ text, at }: TextCursor): string {
  return text.slice(at, at + mostShown + 1).split('\n', 1)[0] ?? '';
}

/** Reads up to the end of a row; a cell in quotes may have lines of its own. */
function readRow(cursor: TextCursor): readonly Cell[] {
  const cells: Cell[] = [];
  const from = cursor.at;
  let breaks = 0;
  do {
    const at = cursor.at;
    const text = cursor.next === '"' ? quotedCell(cursor, from + maxLineLength) : (cursor.match(plainPattern) ?? '');
    cells.push({ text, at });
    breaks += text.split('\n').length - 1;
    if (cursor.at - from > maxLineLength || cells.length > maxColumns) {
      const most = `expected a row of up to ${maxLineLength} characters and ${maxColumns} columns`;
      throw new FormatError('format/limit', cursor.line, 1, most);
    }
  } while (cursor.take(','));
  cursor.take('\r');
  if (!cursor.atEnd && cursor.next !== '\n')
    throw cursor.error('"," or the end of the line', cursor.at, shortened(restOf(cursor)));
  nextLine(cursor);
  cursor.line += breaks;
  return cells;
}

/** @param before  offset up to which it has to end: a quote that is never closed must not cost the whole text */
function quotedCell(cursor: TextCursor, before: number): string {
  const from = cursor.at + 1;
  const text = cursor.text.slice(from, before);
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] === '"') continue;
    cursor.at = from + at + 1;
    return text.slice(0, at).replaceAll('""', '"');
  }
  throw cursor.error('a quote that ends', cursor.at, shortened(restOf(cursor)));
}

function skipBlankLines(cursor: TextCursor): void {
  while (!cursor.atEnd && cursor.match(blankLinePattern) !== undefined) {
    cursor.line++;
    cursor.lineStart = cursor.at;
  }
}

function nextLine(cursor: TextCursor): void {
  const newline = cursor.text.indexOf('\n', cursor.at);
  cursor.at = newline < 0 ? cursor.text.length : newline + 1;
  cursor.line++;
  cursor.lineStart = cursor.at;
}
