import { FormatError } from './format-error.ts';
import {
  maxFormatSamples,
  maxLineLength,
  mostBadLines,
  mostErrors,
  type FormatReading,
  type FormatSample,
} from './format-sample.ts';

/** Calls `read` with each line that is not blank, until it says `stop`. Lines end with `\n` or `\r\n`. */
export function forEachLine(text: string, read: (line: string, lineNumber: number) => 'stop' | undefined | void): void {
  let lineNumber = 0;
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline;
    const line = text.slice(from, to > from && text.charCodeAt(to - 1) === 0x0d ? to - 1 : to);
    from = to + 1;
    lineNumber++;
    if (!/^[ \t]*$/u.test(line) && read(line, lineNumber) === 'stop') return;
  }
}

/** Appends the samples of one line. @throws {FormatError} when the line is not as the format says */
export type LineParser = (line: string, lineNumber: number, samples: FormatSample[]) => void;

/** Reads a text of which each line stands for itself: a bad one costs only itself. */
export function readLines(text: string, parseLine: LineParser): FormatReading {
  const samples: FormatSample[] = [];
  const bad = createBadLines();
  forEachLine(text, (line, lineNumber) => {
    const before = samples.length;
    try {
      checkLength(line.length, lineNumber);
      parseLine(line, lineNumber, samples);
      checkCount(samples, lineNumber);
    } catch (error) {
      // A line counts whole or not at all.
      samples.length = before;
      return bad.add(error);
    }
  });
  return { samples, badLines: bad.count, errors: bad.errors };
}

export interface BadLines {
  /** @throws `error` when it is no FormatError */
  add(error: unknown): 'stop' | undefined;
  readonly count: number;
  readonly errors: readonly FormatError[];
}

export function createBadLines(): BadLines {
  const errors: FormatError[] = [];
  let count = 0;
  return {
    errors,
    get count() {
      return count;
    },
    add(error) {
      if (!(error instanceof FormatError)) throw error;
      count++;
      if (errors.length < mostErrors) errors.push(error);
      return count < mostBadLines ? undefined : 'stop';
    },
  };
}

/** @throws {FormatError} `format/limit` */
export function checkLength(length: number, lineNumber: number): void {
  if (length <= maxLineLength) return;
  const what = `expected a line of up to ${maxLineLength} characters, got ${length}`;
  throw new FormatError('format/limit', lineNumber, maxLineLength + 1, what);
}

/** @throws {FormatError} `format/limit` */
export function checkCount({ length }: readonly unknown[], lineNumber: number): void {
  if (length <= maxFormatSamples) return;
  throw new FormatError('format/limit', lineNumber, 1, `expected at most ${maxFormatSamples} samples`);
}
