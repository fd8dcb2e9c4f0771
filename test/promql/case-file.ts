/**
 * Reads the case files of Prometheus's own tests: `load` fills the store, `eval` asks and says what is expected. See
 * README.md for the format.
 */
import {
  parseDuration,
  parseNumber,
  parseSeries,
  signed,
  unquote,
  type LabelSet,
  type NotedSeries,
} from '@tarsier/collector/promql';

/** A value of a series in a file, or when its count began. */
export type Point = NotedSeries['points'][number] | 'start';

export interface SeriesLine {
  readonly labels: LabelSet;
  readonly points: readonly Point[];
}

export type Command =
  | Load
  | Evaluation
  | { readonly kind: 'clear'; readonly line: number }
  /** What this reader does not understand, so that nothing is left out in silence. */
  | { readonly kind: 'unread'; readonly line: number; readonly text: string; readonly why: string };

export interface Load {
  readonly kind: 'load';
  readonly line: number;
  readonly stepMs: number;
  readonly series: readonly SeriesLine[];
  /** Whether each classic histogram is also loaded as a native one, under its name without `_bucket`. */
  readonly withNative: boolean;
}

export interface Evaluation {
  readonly kind: 'eval';
  readonly line: number;
  readonly expr: string;
  readonly start: number;
  readonly end: number;
  /** Undefined: at one time. */
  readonly stepMs: number | undefined;
  readonly expected: Expected;
}

export interface Expected {
  readonly fails: MessageTest | undefined;
  /** What is said of warnings and infos, in the order of the file. */
  readonly annotations: readonly {
    readonly kind: 'warn' | 'info' | 'no_warn' | 'no_info';
    readonly message: MessageTest;
  }[];
  readonly ordered: boolean;
  readonly text: string | undefined;
  readonly scalar: number | undefined;
  /** The range vector that an instant query gives: where its points are. */
  readonly range: { readonly start: number; readonly stepMs: number } | undefined;
  readonly series: readonly SeriesLine[];
}

/** What a message has to be; undefined: anything. */
export type MessageTest = ((message: string) => boolean) | undefined;

const any = (): boolean => true;

export function parseCaseFile(text: string): readonly Command[] {
  const lines = text.split('\n').map((line) => (line.trim().startsWith('#') ? '' : line.trim()));
  const commands: Command[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? '';
    const first = at++;
    if (line === '') continue;
    const block: string[] = [];
    if (line !== 'clear') for (; at < lines.length && lines[at] !== ''; at++) block.push(lines[at] ?? '');
    try {
      commands.push(parseCommand(line, block, first + 1));
    } catch (error) {
      const why = `can not be read: ${error instanceof Error ? error.message : String(error)}`;
      commands.push({ kind: 'unread', line: first + 1, text: line, why });
    }
  }
  return commands;
}

function parseCommand(line: string, block: readonly string[], number: number): Command {
  if (line === 'clear') return { kind: 'clear', line: number };
  const [, native, step] = /^load(_with_nhcb)?\s+(\S+)$/u.exec(line) ?? [];
  if (step !== undefined) {
    const series = block.map(parseSeriesLine);
    return { kind: 'load', line: number, stepMs: timeMs(step), series, withNative: native !== undefined };
  }
  const [, suffix, at, instant] = /^eval(?:_(\w+))?\s+instant\s+at\s+(\S+)\s+(.+)$/u.exec(line) ?? [];
  if (at !== undefined && instant !== undefined) {
    const time = timeMs(at);
    const expected = parseExpected(suffix, block);
    return { kind: 'eval', line: number, expr: instant, start: time, end: time, stepMs: undefined, expected };
  }
  const [, rangeSuffix, from, to, every, expr] =
    /^eval(?:_(\w+))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/u.exec(line) ?? [];
  if (from === undefined || to === undefined || every === undefined || expr === undefined) {
    throw new Error('expected load, clear, eval instant or eval range');
  }
  return {
    kind: 'eval',
    line: number,
    expr,
    start: timeMs(from),
    end: timeMs(to),
    stepMs: timeMs(every),
    expected: parseExpected(rangeSuffix, block),
  };
}

type MutableExpected = { -readonly [K in keyof Expected]: Expected[K] };

function parseExpected(suffix: string | undefined, block: readonly string[]): Expected {
  const expected: MutableExpected = {
    fails: suffix === 'fail' ? any : undefined,
    annotations: suffix === 'warn' || suffix === 'info' ? [{ kind: suffix, message: undefined }] : [],
    ordered: suffix === 'ordered',
    text: undefined,
    scalar: undefined,
    range: undefined,
    series: [],
  };
  for (const line of block) {
    const [, failure, wanted] = /^expected_fail_(message|regexp)\s+(.*)$/u.exec(line) ?? [];
    if (failure !== undefined) {
      expected.fails = messageTest(`${failure === 'message' ? 'msg' : 'regex'}:${wanted ?? ''}`);
    } else if (/^expect\s/u.test(line)) expect(expected, line.replace(/^expect\s+/u, ''));
    else if (parseNumber(line) !== undefined || /^[+-]\S+$/u.test(line)) expected.scalar = signed(line);
    else expected.series = [...expected.series, parseSeriesLine(line)];
  }
  return expected;
}

function expect(expected: MutableExpected, rule: string): void {
  const [, kind, message = ''] = /^(fail|warn|info|no_warn|no_info)\b\s*(.*)$/u.exec(rule) ?? [];
  const [, start, step] = /^range vector from (\S+) to \S+ step (\S+)$/u.exec(rule) ?? [];
  if (kind === 'fail') expected.fails = messageTest(message) ?? any;
  else if (kind === 'warn' || kind === 'info' || kind === 'no_warn' || kind === 'no_info') {
    expected.annotations = [...expected.annotations, { kind, message: messageTest(message) }];
  } else if (rule === 'ordered') expected.ordered = true;
  else if (start !== undefined && step !== undefined) expected.range = { start: timeMs(start), stepMs: timeMs(step) };
  else if (rule.startsWith('string ')) {
    const quoted = rule.slice('string '.length).trim();
    expected.text = unquote(quoted.slice(1, -1), quoted[0] ?? '') ?? '';
  } else throw new Error(`expected a known rule after expect, got ${rule}`);
}

function messageTest(text: string): MessageTest {
  const [, how, wanted = ''] = /^(msg|regex):\s*(.*)$/u.exec(text) ?? [];
  if (how === undefined) return undefined;
  if (how === 'msg') return (message) => message === wanted;
  // Of the case files, not of a stranger.
  const pattern = new RegExp(wanted, 'u');
  return (message) => pattern.test(message);
}

/** `metric{label="value"} 1 2 3`, or `metric{label="value"}@st …`: when its counts began. */
export function parseSeriesLine(line: string): SeriesLine {
  const [, series, starts] = /^([^\s{]*(?:\{[^}]*\})?)@st(\s.*)$/u.exec(line) ?? [];
  if (series === undefined || starts === undefined) return parseSeries(line);
  const points = starts.trim().split(/\s+/u);
  return { labels: parseSeries(series).labels, points: points.map((point) => (point === '_' ? 'none' : 'start')) };
}

function timeMs(text: string): number {
  const [, sign, length = ''] = /^(-?)(.*)$/u.exec(text) ?? [];
  const ms = parseDuration(length) ?? Number(length) * 1000;
  if (Number.isNaN(ms)) throw new Error(`expected a time, got ${text}`);
  return sign === '-' ? -ms : ms;
}
