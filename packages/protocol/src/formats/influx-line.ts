/**
 * InfluxDB's line protocol: `measurement,tag=value field=1i,other="text" 1764000000000000000`.
 * https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 *
 * Each field becomes the metric `measurement_field`, the tags its labels. Strings are no numbers: they are counted.
 */
import type { MetricDescription } from '../metric.ts';
import type { UnixMs } from '../sample.ts';
import { maxLineLength, maxUnixMs, type FormatReading, type FormatSample } from './format-sample.ts';
import { describeMetric, kindByName, toLabelName, toMetricName, unitByName } from './names.ts';
import { checkCount, checkLength, createBadLines } from './read-lines.ts';
import { TextCursor } from './text-cursor.ts';

/** What one of a time's last digits is worth. */
export type InfluxPrecision = 'ns' | 'us' | 'ms' | 's' | 'm' | 'h';

export interface InfluxReading extends FormatReading {
  /** Fields that hold text, and so no sample. */
  readonly textFields: number;
}

const measurementPattern = /(?:[^\\, \n]|\\.)+/uy;
const keyPattern = /(?:[^\\,= \n]|\\.)+/uy;
const numberPattern = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/uy;
const booleanPattern = /(?:true|True|TRUE|t|T|false|False|FALSE|f|F)/uy;
const timePattern = /-?\d{1,19}(?![^ \t\r\n])/uy;
const blanksOnly = /[ \t\r]*(?:\n|$)/uy;

/** How a time of each precision becomes ms: digits that are dropped, or what it is multiplied by. */
const precisions: Readonly<Record<InfluxPrecision, { readonly drop: number; readonly times: number }>> = {
  ns: { drop: 6, times: 1 },
  us: { drop: 3, times: 1 },
  ms: { drop: 0, times: 1 },
  s: { drop: 0, times: 1000 },
  m: { drop: 0, times: 60_000 },
  h: { drop: 0, times: 3_600_000 },
};

/**
 * Reads many lines; a bad one costs only itself.
 *
 * @param firstLine  for the errors: where the first line stands in its text
 */
export function parseInfluxLines(text: string, precision: InfluxPrecision = 'ns', firstLine = 1): InfluxReading {
  const reader = createReader(new TextCursor(text, firstLine), precision);
  const bad = createBadLines();
  const { cursor, samples } = reader;
  while (!cursor.atEnd) {
    const before = samples.length;
    const { line, lineStart } = cursor;
    try {
      reader.readLine();
    } catch (error) {
      samples.length = before;
      if (bad.add(error) === 'stop') break;
      // On with the next line of the text, even if this one's last string reached beyond it.
      const end = text.indexOf('\n', lineStart);
      Object.assign(cursor, { line, at: end < 0 ? text.length : end });
    }
    if (cursor.take('\n')) {
      cursor.line++;
      cursor.lineStart = cursor.at;
    }
  }
  return { samples, badLines: bad.count, errors: bad.errors, textFields: reader.textFields };
}

interface Reader {
  readonly cursor: TextCursor;
  readonly samples: FormatSample[];
  readonly textFields: number;
  /** Reads up to the line's end, which is left for the caller. */
  readLine(): void;
}

function createReader(cursor: TextCursor, precision: InfluxPrecision): Reader {
  const { text } = cursor;
  const samples: FormatSample[] = [];
  const metrics = new Map<string, MetricDescription>();
  let textFields = 0;

  function metricOf(measurement: string, field: string): MetricDescription {
    const key = `${measurement}\n${field}`;
    let metric = metrics.get(key);
    if (metric === undefined) {
      const name = toMetricName(`${measurement}_${field}`);
      metrics.set(key, (metric = describeMetric(name, kindByName(name), unitByName(name), '')));
    }
    return metric;
  }

  function readLine(): void {
    const end = text.indexOf('\n', cursor.at);
    checkLength((end < 0 ? text.length : end) - cursor.at, cursor.line);
    cursor.skipBlanks();
    if (atLineEnd(cursor) || cursor.match(/#.*/uy) !== undefined) return;
    const measurement = unescape(cursor.match(measurementPattern) ?? '');
    if (measurement === '') throw cursor.error('a measurement');
    const labels = readTags(cursor);
    if (!cursor.skipBlanks()) throw cursor.error('a blank and then fields');
    const values = readFields(cursor);
    const time = readTime(cursor, precision);
    if (!atLineEnd(cursor)) throw cursor.error('the end of the line');
    for (const [field, value] of values) {
      if (value === undefined) textFields++;
      else samples.push({ metric: metricOf(measurement, field), labels, value, time });
    }
    checkCount(samples, cursor.line);
  }

  return {
    cursor,
    samples,
    get textFields() {
      return textFields;
    },
    readLine,
  };
}

function readTags(cursor: TextCursor): Readonly<Record<string, string>> {
  const labels = new Map<string, string>();
  while (cursor.take(',')) {
    const at = cursor.at;
    const tag = cursor.match(keyPattern);
    if (tag === undefined) throw cursor.error('a tag');
    cursor.expect('=');
    const value = cursor.match(keyPattern);
    if (value === undefined) throw cursor.error(`a value of the tag ${tag}`);
    const label = toLabelName(unescape(tag));
    if (labels.has(label)) throw cursor.error('each tag once', at);
    labels.set(label, unescape(value));
  }
  return Object.fromEntries(labels);
}

/** undefined stands for text. */
function readFields(cursor: TextCursor): ReadonlyMap<string, number | undefined> {
  const fields = new Map<string, number | undefined>();
  do {
    const field = cursor.match(keyPattern);
    if (field === undefined) throw cursor.error('a field');
    cursor.expect('=');
    fields.set(unescape(field), readValue(cursor));
  } while (cursor.take(','));
  return fields;
}

function readValue(cursor: TextCursor): number | undefined {
  const number = cursor.match(numberPattern);
  if (number !== undefined) {
    const at = cursor.at;
    const isWhole = cursor.take('i') || cursor.take('u');
    if (isWhole && !/^[+-]?\d+$/u.test(number)) throw cursor.error('a whole number before i or u', at);
    const value = Number(number);
    if (!Number.isFinite(value)) throw cursor.error('a number that fits into a double', at - number.length);
    return value;
  }
  const boolean = cursor.match(booleanPattern);
  if (boolean !== undefined) return /^t/iu.test(boolean) ? 1 : 0;
  skipString(cursor);
  return undefined;
}

/** Over a string in quotes, which may go over several lines. By hand: a pattern's stack overflows on long ones. */
function skipString(cursor: TextCursor): void {
  const { at, line, lineStart } = cursor;
  const expected = 'a number, true, false or a string in quotes';
  if (!cursor.take('"')) throw cursor.error(expected);
  while (!cursor.take('"')) {
    if (cursor.atEnd || cursor.at - at > maxLineLength) {
      Object.assign(cursor, { line, lineStart });
      throw cursor.error(expected, at);
    }
    if (cursor.take('\\') && cursor.next !== '\n') cursor.at++;
    else if (cursor.take('\n')) {
      cursor.line++;
      cursor.lineStart = cursor.at;
    } else cursor.at++;
  }
}

function readTime(cursor: TextCursor, precision: InfluxPrecision): UnixMs | undefined {
  if (!cursor.skipBlanks() || atLineEnd(cursor)) return undefined;
  const at = cursor.at;
  const digits = cursor.match(timePattern);
  const { drop, times } = precisions[precision];
  // Digits are cut from the text: 19 of them are more than a double holds.
  const time = digits === undefined ? Number.NaN : Number(digits.slice(0, digits.length - drop) || '0') * times;
  if (!(Math.abs(time) <= maxUnixMs)) throw cursor.error(`Unix time in ${precision}`, at);
  return time;
}

/** Whether nothing but blanks is left of the line; steps over them. */
function atLineEnd(cursor: TextCursor): boolean {
  const from = cursor.at;
  const rest = cursor.match(blanksOnly);
  if (rest === undefined) return false;
  cursor.at = from + rest.length - (rest.endsWith('\n') ? 1 : 0);
  return true;
}

function unescape(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\([,= \\])/gu, '$1') : text;
}
