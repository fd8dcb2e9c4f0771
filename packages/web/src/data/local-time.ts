/** Between Unix ms and the wall-clock text of a `datetime-local` field, in any time zone. */
import type { UnixMs } from '@tarsier/protocol';
import { cachedFormat } from '../i18n/locale.ts';

/** `2026-03-29T03:15:00`, as the clock on the wall of the zone shows it. */
export function toLocalInput(time: UnixMs, timeZone: string | undefined): string {
  const format = cachedFormat(
    { lang: undefined, timeZone },
    'local input',
    () =>
      new Intl.DateTimeFormat('sv-SE', {
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        ...(timeZone === undefined ? {} : { timeZone }),
      }),
  );
  // Swedish writes dates as ISO 8601 does.
  return format.format(time).replace(' ', 'T');
}

/** NaN when it is no time. A time that a clock change skips or repeats is read in the offset after the change. */
export function fromLocalInput(text: string, timeZone: string | undefined): UnixMs {
  const asUtc = Date.parse(`${text.length === 16 ? `${text}:00` : text.slice(0, 19)}Z`);
  if (Number.isNaN(asUtc)) return NaN;
  const offsetAt = (time: UnixMs): number =>
    Date.parse(`${toLocalInput(time, timeZone)}Z`) - Math.floor(time / 1000) * 1000;
  // The offset at the guess may be the one before a change; a second look settles it.
  const guess = asUtc - offsetAt(asUtc);
  return asUtc - offsetAt(guess);
}
