import { FormatError } from './format-error.ts';
import { maxFormatSamples, maxLineLength, mostErrors, type FormatReading, type FormatSample } from './format-sample.ts';

/** Appends the samples of one line. @throws {FormatError} when the line is not as the format says */
export type LineParser = (line: string, lineNumber: number, samples: FormatSample[]) => void;

/** Reads a text line by line: a bad one costs only itself. Lines end with `\n` or `\r\n`; blank ones mean nothing. */
export function readLines(text: string, parseLine: LineParser): FormatReading {
  const samples: FormatSample[] = [];
  const errors: FormatError[] = [];
  let badLines = 0;
  let lineNumber = 0;
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline;
    const line = text.slice(from, text.charCodeAt(to - 1) === 0x0d ? to - 1 : to);
    from = to + 1;
    lineNumber++;
    if (/^[ \t]*$/u.test(line)) continue;
    const before = samples.length;
    try {
      checkLength(line, lineNumber);
      parseLine(line, lineNumber, samples);
      if (samples.length > maxFormatSamples) {
        throw new FormatError('format/limit', lineNumber, 1, `expected at most ${maxFormatSamples} samples`);
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      // A line counts whole or not at all.
      samples.length = before;
      badLines++;
      if (errors.length < mostErrors) errors.push(error);
    }
  }
  return { samples, badLines, errors };
}

/** @throws {FormatError} `format/limit` */
export function checkLength(line: string, lineNumber: number): void {
  if (line.length <= maxLineLength) return;
  const what = `expected a line of up to ${maxLineLength} characters, got ${line.length}`;
  throw new FormatError('format/limit', lineNumber, maxLineLength + 1, what);
}
