import type { TextCursor } from './text-cursor.ts';

const valuePattern = /[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)(?![^ \t])/iuy;

/** A double as Prometheus writes and reads it. @throws {FormatError} when there is none here */
export function readValue(cursor: TextCursor): number {
  const text = cursor.match(valuePattern);
  if (text === undefined) throw cursor.error('a number, NaN, +Inf or -Inf');
  if (/nan/iu.test(text)) return Number.NaN;
  if (/inf/iu.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return Number(text);
}
