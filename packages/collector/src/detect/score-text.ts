/** A detector over recorded series: text in, text with a score for each row out. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { Arena } from '../stats/arena.ts';
import { scoreOf, type HostDetectorKind, type SeriesDetectorKind } from './detector.ts';
import { Repeats, repeatsDefaults } from './repeats.ts';

/** The same for every file: that scores can be compared, and runs repeated. */
const seed = 1;
/** Columns that tell what is to be found: nothing that a detector may see. */
const answers: ReadonlySet<string> = new Set(['anomaly', 'changepoint']);

/** A recording that is not as expected; the message names line and column. */
export class RecordingError extends TarsierError {
  constructor(line: number, message: string) {
    super('detect/recording', `line ${line}: ${message}`);
  }
}

/**
 * Scores a recording of one series, each row by those before it.
 *
 * @param text  CSV with the columns `timestamp` and `value`: a time without a zone is in UTC, a number is in seconds
 *   since 1970; a value that is empty or no number is a gap
 * @returns CSV with the columns `timestamp`, `value` (both as they came) and `anomaly_score`, 0 to 1, in as many rows:
 *   what merely repeats or prolongs an alarm scores below every alarm
 * @throws {RecordingError} at the first line that can not be read
 */
export function scoreSeries(text: string, kind: SeriesDetectorKind): string {
  const detector = kind.create(seed);
  const repeats = new Repeats(new Arena(Repeats.bytes));
  const lines = ['timestamp,value,anomaly_score'];
  for (const { timestamp, number, time, value } of readSeries(text)) {
    const surprise = detector.push(time, value);
    const score = repeats.isNews(surprise) ? scoreOf(surprise) : scoreOf(repeatsDefaults.least) * scoreOf(surprise);
    lines.push(`${timestamp},${number},${score}`);
  }
  return `${lines.join('\n')}\n`;
}

export interface RecordedSample {
  /** As it was written. */
  readonly timestamp: string;
  /** As it was written. */
  readonly number: string;
  readonly time: UnixMs;
  /** NaN for a gap. */
  readonly value: number;
}

/**
 * @param text  as of {@link scoreSeries}
 * @throws {RecordingError} at the first line that can not be read
 */
export function readSeries(text: string): RecordedSample[] {
  const { header, rows } = parse(text, ',');
  const [times, values] = [columnOf(header, 'timestamp'), columnOf(header, 'value')];
  return rows.map(({ fields, line }) => {
    const [timestamp = '', number = ''] = [fields[times], fields[values]];
    return { timestamp, number, time: timeOf(timestamp, line), value: numberOf(number) };
  });
}

export interface RowsOptions {
  /** Rows that are learnt before any is judged. */
  readonly training: number;
}

/**
 * Scores a recording of several channels, one score for each row by those before it.
 *
 * @param text  `;`-separated, as those of the Skoltech Anomaly Benchmark: the column `datetime`, columns of channels,
 *   and perhaps `anomaly` and `changepoint`, which are not looked at
 * @returns `;`-separated columns `datetime` and `anomaly_score`, in as many rows; 0 while the detector trains
 * @throws {RecordingError} at the first line that can not be read
 */
export function scoreRows(text: string, kind: HostDetectorKind, { training }: RowsOptions): string {
  const { header, rows } = parse(text, ';');
  const timestamp = columnOf(header, 'datetime');
  const channels = [...header.keys()].filter((at) => at !== timestamp && !answers.has(header[at] ?? ''));
  if (channels.length === 0) throw new RecordingError(1, `expected at least one channel, got ${header.join(';')}`);
  const detector = kind.create({ seed, width: channels.length, training });
  const lines = ['datetime;anomaly_score'];
  for (const { fields, line } of rows) {
    const time = fields[timestamp] ?? '';
    const values = Float64Array.from(channels, (at) => numberOf(fields[at] ?? ''));
    lines.push(`${time};${scoreOf(detector.push(timeOf(time, line), values))}`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * @param text  as of {@link scoreRows}, with a column `anomaly`
 * @returns of each row whether it is labelled as one
 * @throws {RecordingError} at the first line that can not be read
 */
export function labelsOf(text: string): boolean[] {
  return numbersOf(text, 'anomaly').map((label) => label > 0);
}

/**
 * @param text  what {@link scoreRows} has made
 * @throws {RecordingError} at the first line that can not be read
 */
export function rowScoresOf(text: string): number[] {
  return numbersOf(text, 'anomaly_score');
}

function numbersOf(text: string, column: string): number[] {
  const { header, rows } = parse(text, ';');
  const at = columnOf(header, column);
  return rows.map(({ fields, line }) => {
    const number = numberOf(fields[at] ?? '');
    if (Number.isNaN(number)) throw new RecordingError(line, `${column}: expected a number, got "${fields[at]}"`);
    return number;
  });
}

interface Row {
  readonly fields: readonly string[];
  /** From 1, the header's. */
  readonly line: number;
}

function parse(text: string, separator: string): { header: readonly string[]; rows: Row[] } {
  const [first = '', ...others] = text.replace(/^\uFEFF/u, '').split(/\r?\n/u);
  const header = first.split(separator).map((name) => name.trim());
  const rows: Row[] = [];
  for (const [index, other] of others.entries()) {
    if (other.trim() === '') continue;
    const fields = other.split(separator).map((field) => field.trim());
    const line = index + 2;
    if (fields.length !== header.length) {
      throw new RecordingError(line, `expected ${header.length} columns as in the header, got ${fields.length}`);
    }
    rows.push({ fields, line });
  }
  return { header, rows };
}

function columnOf(header: readonly string[], name: string): number {
  const at = header.indexOf(name);
  if (at === -1) throw new RecordingError(1, `expected a column "${name}", got ${header.join(', ')}`);
  return at;
}

function timeOf(text: string, line: number): UnixMs {
  if (/^\d+(\.\d+)?$/u.test(text)) return Number(text) * 1000;
  const hasZone = /(z|[+-]\d\d:?\d\d)$/iu.test(text);
  const time = Date.parse(hasZone ? text : `${text.replace(' ', 'T')}Z`);
  if (Number.isNaN(time)) throw new RecordingError(line, `expected a time like 2026-01-31 23:59:59, got "${text}"`);
  return time;
}

function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}
