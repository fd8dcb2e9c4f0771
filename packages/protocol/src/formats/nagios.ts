/**
 * What Nagios (monitoring) plugins print: text, and after `|` performance data.
 * https://www.monitoring-plugins.org/doc/guidelines.html#AEN197
 */
import type { FormatError } from './format-error.ts';
import { maxLineLength } from './format-sample.ts';
import { checkLength, createBadLines } from './read-lines.ts';
import { TextCursor } from './text-cursor.ts';

/** Alerting is due outside `from` to `to`, or inside when `inside` is set; a bound that is not there is infinite. */
export interface NagiosRange {
  readonly from: number;
  readonly to: number;
  readonly inside: boolean;
}

/** One item, in base units. */
export interface NagiosPerfdata {
  readonly label: string;
  /** `seconds`, `bytes` or `ratio`; '' for plain counts and for units that are not known. */
  readonly unit: string;
  readonly isCounter: boolean;
  /** undefined when the plugin says `U`: it could not be told. */
  readonly value: number | undefined;
  readonly warning: NagiosRange | undefined;
  readonly critical: NagiosRange | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

export interface NagiosOutput {
  /** The first line: what is the matter. */
  readonly text: string;
  readonly perfdata: readonly NagiosPerfdata[];
  /** Items that could not be read. */
  readonly badItems: number;
  readonly errors: readonly FormatError[];
}

/** Two factors, since 7 / 1000 is the double nearest to 0.007 and 7 * 0.001 is not always. */
interface BaseUnit {
  readonly unit: string;
  readonly times: number;
  readonly per: number;
}

/** Units to base units. KB and its kin are of 1,024, as the plugins that print them mean it. */
const units: Readonly<Record<string, BaseUnit>> = {
  s: { unit: 'seconds', times: 1, per: 1 },
  ms: { unit: 'seconds', times: 1, per: 1e3 },
  us: { unit: 'seconds', times: 1, per: 1e6 },
  ns: { unit: 'seconds', times: 1, per: 1e9 },
  '%': { unit: 'ratio', times: 1, per: 100 },
  b: { unit: 'bytes', times: 1, per: 1 },
  kb: { unit: 'bytes', times: 1024, per: 1 },
  mb: { unit: 'bytes', times: 1024 ** 2, per: 1 },
  gb: { unit: 'bytes', times: 1024 ** 3, per: 1 },
  tb: { unit: 'bytes', times: 1024 ** 4, per: 1 },
  pb: { unit: 'bytes', times: 1024 ** 5, per: 1 },
};

const plain: BaseUnit = { unit: '', times: 1, per: 1 };
const quotedLabelPattern = /'(?:[^']|'')*'/uy;
const labelPattern = /[^ \t='|]+/uy;
const numberPattern = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/uy;
const unitPattern = /[^ \t;\d'"-]{1,16}/uy;
const restOfItemPattern = /[^ \t]*/uy;

/** Reads what a plugin printed. An item that is not right costs only itself: the others are still good. */
export function parseNagiosOutput(output: string): NagiosOutput {
  const lines = output.split('\n').map((line) => line.replace(/\r$/u, ''));
  const perfdata: NagiosPerfdata[] = [];
  const bad = createBadLines();
  let inPerfdata = false;
  for (const [index, line] of lines.entries()) {
    const bar = line.indexOf('|');
    // After the first line comes text again, until a second bar: from there on everything is performance data.
    if (index > 0 && bar >= 0) inPerfdata = true;
    else if (bar < 0 && !inPerfdata) continue;
    const cursor = new TextCursor(line, index + 1);
    cursor.at = bar + 1;
    for (cursor.skipBlanks(); !cursor.atEnd; cursor.skipBlanks()) {
      try {
        checkLength(line.length, index + 1);
        perfdata.push(readItem(cursor));
      } catch (error) {
        if (bad.add(error) === 'stop' || line.length > maxLineLength) break;
        cursor.match(restOfItemPattern);
      }
    }
  }
  const text = (lines[0]?.split('|', 1)[0] ?? '').trim();
  return { text, perfdata, badItems: bad.count, errors: bad.errors };
}

/** `'label'=value[unit];[warning];[critical];[min];[max]` */
function readItem(cursor: TextCursor): NagiosPerfdata {
  const quoted = cursor.match(quotedLabelPattern);
  const label = quoted === undefined ? cursor.match(labelPattern) : quoted.slice(1, -1).replaceAll("''", "'");
  if (label === undefined || label === '') throw cursor.error('a label');
  cursor.expect('=');
  const number = cursor.take('U') ? undefined : readNumber(cursor);
  const word = cursor.match(unitPattern) ?? '';
  const isCounter = word === 'c';
  // Not by the case of its letters: plugins write KB, kB and kb.
  const { unit, times, per } = units[word.toLowerCase().replace('ib', 'b')] ?? plain;
  const scale = (value: number): number => (value * times) / per;
  const part = <Part>(read: () => Part): Part | undefined => {
    if (!cursor.take(';') || cursor.next === ';' || isAtItemEnd(cursor)) return undefined;
    return read();
  };
  const warning = part(() => readRange(cursor, scale));
  const critical = part(() => readRange(cursor, scale));
  const min = part(() => scale(readNumber(cursor)));
  const max = part(() => scale(readNumber(cursor)));
  cursor.take(';');
  if (!isAtItemEnd(cursor)) throw cursor.error('";" or a blank');
  return {
    label,
    unit,
    isCounter,
    value: number === undefined ? undefined : scale(number),
    warning,
    critical,
    min,
    max,
  };
}

/** `[@][start:][end]`, where `~` is minus infinity and no end is infinity. */
function readRange(cursor: TextCursor, scale: (value: number) => number): NagiosRange {
  const inside = cursor.take('@');
  const first = cursor.take('~') ? -Infinity : cursor.next === ':' ? 0 : readNumber(cursor);
  if (!cursor.take(':')) return { from: 0, to: scale(first), inside };
  const to = cursor.next === ';' || isAtItemEnd(cursor) ? Infinity : readNumber(cursor);
  return { from: scale(first), to: scale(to), inside };
}

function readNumber(cursor: TextCursor): number {
  const at = cursor.at;
  const value = Number(cursor.match(numberPattern) ?? Number.NaN);
  if (!Number.isFinite(value)) throw cursor.error('a number', at);
  return value;
}

function isAtItemEnd({ next }: TextCursor): boolean {
  return next === '' || next === ' ' || next === '\t';
}
