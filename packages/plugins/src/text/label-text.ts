import { maxLabelValueLength } from '@tarsier/protocol';

const mark = '\uFFFD';

/**
 * A name as the kernel has it (any bytes, read as latin1) as the value of a label: UTF-8 is decoded; what is none, and
 * control characters, which could not be stored or would break lines, become U+FFFD; too long a name is cut.
 */
export function labelText(latin1: string): string {
  // Nearly all names: nothing to decode.
  if (/^[ -~]*$/u.test(latin1) && latin1.length <= maxLabelValueLength) return latin1;
  const text = Buffer.from(latin1, 'latin1').toString('utf8');
  return cleanText(text);
}

/** As {@link labelText}, of text that is decoded already. */
export function cleanText(text: string): string {
  const clean = text.toWellFormed().replaceAll(/[\p{Cc}]/gu, mark);
  return clean.length <= maxLabelValueLength ? clean : clean.slice(0, maxLabelValueLength - 1).toWellFormed() + '…';
}
