/**
 * Tarsier's plain line format: one JSON object per line, one sample per object. See docs/json-lines.md.
 * Read by a cursor of its own, not by JSON.parse: errors then say the column, and nothing is nested deeper than labels.
 */
import { isLabelName, maxLabels, maxLabelValueLength, type Labels } from '../labels.ts';
import { isMetricName, type MetricKind } from '../metric.ts';
import type { UnixMs } from '../sample.ts';
import { maxUnixMs, type FormatReading, type FormatSample } from './format-sample.ts';
import { describeMetric, kindByName, unitByName } from './names.ts';
import { checkLength, readLines } from './read-lines.ts';
import { TextCursor } from './text-cursor.ts';

/** What a line may say. */
export interface JsonSample {
  readonly name: string;
  readonly value: number;
  /** Counter when the name ends in `_total`, else gauge, unless said. */
  readonly kind?: MetricKind;
  /** The base unit that the name ends with, unless said. */
  readonly unit?: string;
  readonly help?: string;
  readonly labels?: Labels;
  /** Unix ms; now, unless said. */
  readonly time?: UnixMs;
}

const maxUnitLength = 40;
const maxHelpLength = 500;

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;
// oxlint-disable-next-line no-control-regex -- JSON forbids them in strings
const stringPattern = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
/** Below this, a time is seconds by mistake: as ms it would be in early 1973. */
const leastLikelyMs = 100_000_000_000;

type Fields = { -readonly [Field in keyof JsonSample]: JsonSample[Field] };
type FieldReader = (cursor: TextCursor, fields: Fields) => void;

const readers: Readonly<Record<keyof JsonSample, FieldReader>> = {
  name(cursor, fields) {
    fields.name = text(cursor, 'a metric name: letters, digits, _ and :, not beginning with a digit', isMetricName);
  },
  value(cursor, fields) {
    fields.value = number(cursor, 'a finite number', Number.isFinite);
  },
  kind(cursor, fields) {
    const kind = text(cursor, '"gauge" or "counter"', (word) => word === 'gauge' || word === 'counter');
    fields.kind = kind === 'counter' ? 'counter' : 'gauge';
  },
  unit(cursor, fields) {
    fields.unit = text(cursor, `up to ${maxUnitLength} characters`, ({ length }) => length <= maxUnitLength);
  },
  help(cursor, fields) {
    fields.help = text(cursor, `up to ${maxHelpLength} characters`, ({ length }) => length <= maxHelpLength);
  },
  labels(cursor, fields) {
    const labels = new Map<string, string>();
    members(cursor, (name, nameAt) => {
      if (!isLabelName(name) || labels.has(name)) {
        throw cursor.error('label names, each once: letters, digits and _, not beginning with a digit or __', nameAt);
      }
      if (labels.size === maxLabels) throw cursor.error(`at most ${maxLabels} labels`, nameAt);
      labels.set(name, labelValue(cursor));
    });
    fields.labels = Object.fromEntries(labels);
  },
  time(cursor, fields) {
    fields.time = number(
      cursor,
      'Unix time in whole milliseconds',
      (time) => Number.isInteger(time) && time >= leastLikelyMs && time <= maxUnixMs,
    );
  },
};

function isField(name: string): name is keyof JsonSample {
  return Object.hasOwn(readers, name);
}

/**
 * @param lineNumber  for the error: where the line stands in its text
 * @throws {FormatError} at the first thing that is not as it should be
 */
export function parseJsonLine(line: string, lineNumber = 1): FormatSample {
  checkLength(line.length, lineNumber);
  const cursor = new TextCursor(line, lineNumber);
  const fields: Partial<Fields> = {};
  cursor.skipBlanks();
  const from = cursor.at;
  members(cursor, (name, nameAt) => {
    if (!isField(name)) throw cursor.error(`one of ${Object.keys(readers).join(', ')}`, nameAt);
    if (fields[name] !== undefined) throw cursor.error(`${name} once`, nameAt);
    readers[name](cursor, fields as Fields);
  });
  cursor.skipBlanks();
  if (!cursor.atEnd) throw cursor.error('the end of the line');
  const { name, value, kind, unit, help = '', labels = {}, time } = fields;
  if (name === undefined || value === undefined) throw cursor.error('an object with name and value', from);
  const metric = describeMetric(name, kind ?? kindByName(name), unit ?? unitByName(name), help);
  return { metric, labels, value, time };
}

/** Reads many lines; a bad one costs only itself. */
export function parseJsonLines(text: string): FormatReading {
  return readLines(text, (line, lineNumber, samples) => {
    samples.push(parseJsonLine(line, lineNumber));
  });
}

/** The members of an object: `read` is called where each value begins. */
function members(cursor: TextCursor, read: (name: string, nameAt: number) => void): void {
  cursor.expect('{');
  cursor.skipBlanks();
  if (cursor.take('}')) return;
  do {
    cursor.skipBlanks();
    const nameAt = cursor.at;
    const name = string(cursor, 'a name in quotes');
    cursor.skipBlanks();
    cursor.expect(':');
    cursor.skipBlanks();
    read(name, nameAt);
    cursor.skipBlanks();
  } while (cursor.take(','));
  if (!cursor.take('}')) throw cursor.error('"," or "}"');
}

function string(cursor: TextCursor, expected: string): string {
  const quoted = cursor.match(stringPattern);
  if (quoted === undefined) throw cursor.error(expected);
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}

function text(cursor: TextCursor, expected: string, isRight: (value: string) => boolean): string {
  const from = cursor.at;
  const value = string(cursor, expected);
  if (!isRight(value)) throw cursor.error(expected, from);
  return value;
}

function number(cursor: TextCursor, expected: string, isRight: (value: number) => boolean): number {
  const from = cursor.at;
  const value = Number(cursor.match(numberPattern) ?? Number.NaN);
  if (!isRight(value)) throw cursor.error(expected, from);
  return value;
}

/** Numbers and booleans are taken as they are written: `"code":200` is what people send. */
function labelValue(cursor: TextCursor): string {
  const plain = cursor.match(/true|false/uy) ?? cursor.match(numberPattern);
  if (plain !== undefined) return plain;
  return text(
    cursor,
    `a string of up to ${maxLabelValueLength} characters, a number, true or false`,
    ({ length }) => length <= maxLabelValueLength,
  );
}
