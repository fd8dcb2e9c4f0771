/**
 * The texts that exporters answer with: Prometheus 0.0.4 and OpenMetrics 1.0, names in quotes included.
 * https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
import { FormatError } from './format-error.ts';
import { maxUnixMs, type FormatSample } from './format-sample.ts';
import { createFamilies, isFamilyType, type Families } from './metric-families.ts';
import { toLabelName, toMetricName } from './names.ts';
import { checkCount, checkLength, forEachLine } from './read-lines.ts';
import { TextCursor } from './text-cursor.ts';
import { readValue } from './value.ts';
import type { Labels } from '../labels.ts';

const namePattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/uy;
const labelNamePattern = /[a-zA-Z_][a-zA-Z0-9_]*/uy;
const quotedPattern = /"(?:[^"\\]|\\.)*"/uy;
const millisecondsPattern = /-?\d+(?![^ \t])/uy;
const wordPattern = /[^ \t]+/uy;
const restPattern = /.*/uy;

type Dialect = 'text' | 'openmetrics';

/** A sample whose metric is known only at the end of the text: its TYPE may come later. */
interface RawSample extends Omit<FormatSample, 'metric'> {
  readonly name: string;
}

/**
 * Reads Prometheus's text format whole.
 *
 * @throws {FormatError} at the first thing that is not as the format says
 */
export function parsePrometheusText(text: string): readonly FormatSample[] {
  return parse(text, 'text');
}

/**
 * Reads OpenMetrics whole; exemplars are checked and left out.
 *
 * @throws {FormatError} at the first thing that is not as the format says, and when `# EOF` is not at the end
 */
export function parseOpenMetrics(text: string): readonly FormatSample[] {
  return parse(text, 'openmetrics');
}

function parse(text: string, dialect: Dialect): readonly FormatSample[] {
  const raw: RawSample[] = [];
  const families = createFamilies();
  let ended = false;
  let lastLine = 0;
  forEachLine(text, (line, lineNumber) => {
    checkLength(line.length, lineNumber);
    lastLine = lineNumber;
    const cursor = new TextCursor(line, lineNumber);
    if (ended) throw cursor.error('nothing after # EOF');
    const read = readLine(cursor, families, dialect);
    if (read === 'end') ended = true;
    else if (read !== 'comment') {
      raw.push(read);
      checkCount(raw, lineNumber);
    }
  });
  if (dialect === 'openmetrics' && !ended) {
    throw new FormatError('format/syntax', lastLine + 1, 1, 'expected "# EOF": the text was cut short');
  }
  return raw.map((sample) => described(sample, families));
}

/**
 * Reads Prometheus's text format as its lines come, without an end: a TYPE counts for the samples after it.
 *
 * @returns reads the next line; undefined for comments. Throws a {@link FormatError}, after which it can go on
 */
export function createPrometheusReader(): (line: string, lineNumber: number) => FormatSample | undefined {
  const families = createFamilies();
  return (line, lineNumber) => {
    checkLength(line.length, lineNumber);
    const read = readLine(new TextCursor(line, lineNumber), families, 'text');
    return typeof read === 'string' ? undefined : described(read, families);
  };
}

function described({ name, labels, value, time }: RawSample, families: Families): FormatSample {
  return { metric: families.metricOf(name), labels, value, time };
}

function readLine(cursor: TextCursor, families: Families, dialect: Dialect): RawSample | 'comment' | 'end' {
  cursor.skipBlanks();
  return cursor.next === '#' ? readComment(cursor, families, dialect) : readSample(cursor, dialect);
}

/** What a line that begins with `#` says of a metric family; other comments mean nothing. */
function readComment(cursor: TextCursor, families: Families, dialect: Dialect): 'end' | 'comment' {
  cursor.expect('#');
  cursor.skipBlanks();
  const keyword = cursor.match(wordPattern);
  if (keyword === 'EOF' && dialect === 'openmetrics') {
    if (!cursor.atEnd) throw cursor.error('the end of the line');
    return 'end';
  }
  if (keyword !== 'HELP' && keyword !== 'TYPE' && keyword !== 'UNIT') return 'comment';
  cursor.skipBlanks();
  const name = metricName(cursor);
  cursor.skipBlanks();
  const at = cursor.at;
  const rest = cursor.match(restPattern) ?? '';
  if (keyword === 'HELP') families.help(name, unescape(rest));
  else if (keyword === 'UNIT') families.unit(name, rest.trim());
  else {
    const type = rest.trim();
    if (!isFamilyType(type)) throw cursor.error('a type: counter, gauge, histogram, summary, …', at);
    if (!families.type(name, type)) throw cursor.error(`the type that ${name} was given before`, at);
  }
  return 'comment';
}

function readSample(cursor: TextCursor, dialect: Dialect): RawSample {
  let name = cursor.match(namePattern);
  cursor.skipBlanks();
  const labels = new Map<string, string>();
  if (cursor.take('{')) name = readLabels(cursor, labels, name);
  if (name === undefined) throw cursor.error('a metric name');
  cursor.skipBlanks();
  const value = readValue(cursor);
  let time: number | undefined;
  if (cursor.skipBlanks() && !cursor.atEnd && cursor.next !== '#') time = timestamp(cursor, dialect);
  cursor.skipBlanks();
  if (dialect === 'openmetrics' && cursor.take('#')) readExemplar(cursor);
  if (!cursor.atEnd) throw cursor.error('the end of the line');
  return { name: toMetricName(name), labels: toLabels(labels), value, time };
}

/** What is between the braces. @returns the metric's name, which may be in there, in quotes */
function readLabels(
  cursor: TextCursor,
  labels: Map<string, string>,
  nameBefore: string | undefined,
): string | undefined {
  let name = nameBefore;
  cursor.skipBlanks();
  while (!cursor.take('}')) {
    const at = cursor.at;
    const quoted = cursor.match(quotedPattern);
    const label = quoted === undefined ? cursor.match(labelNamePattern) : unescape(quoted.slice(1, -1));
    if (label === undefined || label === '') throw cursor.error('a label name or "}"', at);
    cursor.skipBlanks();
    if (cursor.take('=')) {
      cursor.skipBlanks();
      const value = cursor.match(quotedPattern);
      if (value === undefined) throw cursor.error('a label value in quotes');
      if (labels.has(label)) throw cursor.error('each label once', at);
      labels.set(label, unescape(value.slice(1, -1)));
    } else if (quoted !== undefined && name === undefined) name = label;
    else throw cursor.error('"="');
    cursor.skipBlanks();
    if (cursor.take(',')) cursor.skipBlanks();
    else if (cursor.next !== '}') throw cursor.error('"," or "}"');
  }
  return name;
}

/** ` {trace_id="…"} 0.5 1764000000.1`: read, so that the line is known to be right. */
function readExemplar(cursor: TextCursor): void {
  cursor.skipBlanks();
  cursor.expect('{');
  readLabels(cursor, new Map(), '');
  cursor.skipBlanks();
  readValue(cursor);
  if (cursor.skipBlanks() && !cursor.atEnd) readValue(cursor);
  cursor.skipBlanks();
}

function metricName(cursor: TextCursor): string {
  const quoted = cursor.match(quotedPattern);
  const name = quoted === undefined ? cursor.match(namePattern) : unescape(quoted.slice(1, -1));
  if (name === undefined || name === '') throw cursor.error('a metric name');
  return toMetricName(name);
}

/** Unix ms: written so in the text format, in seconds in OpenMetrics. */
function timestamp(cursor: TextCursor, dialect: Dialect): number {
  const at = cursor.at;
  const expected = dialect === 'text' ? 'Unix time in whole milliseconds' : 'Unix time in seconds';
  if (dialect === 'text') {
    const text = cursor.match(millisecondsPattern);
    const time = Number(text ?? Number.NaN);
    if (Math.abs(time) <= maxUnixMs) return time;
  } else {
    const time = Math.round(readValue(cursor) * 1000);
    if (Math.abs(time) <= maxUnixMs) return time;
  }
  throw cursor.error(expected, at);
}

function toLabels(labels: ReadonlyMap<string, string>): Labels {
  if (labels.size === 0) return {};
  return Object.fromEntries(Array.from(labels, ([name, value]) => [toLabelName(name), value]));
}

/** `\\`, `\"` and `\n`; other backslashes stand for themselves, as Prometheus takes them. */
function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\([\\"n])/gu, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
