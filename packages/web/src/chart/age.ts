import type { Locale } from '../i18n/locale.ts';
import { browserLocale, cachedFormat } from '../i18n/locale.ts';
import { words } from '../i18n/words.ts';

/** A stretch of time in SI units, in its largest whole one: `8 s`, `12 min`, `3 h`, `2 d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}\u00a0s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}\u00a0min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}\u00a0h`;
  return `${Math.floor(seconds / 86_400)}\u00a0d`;
}

/** How long ago; the first seconds are `now`, so that a live value does not count up and down. */
export function formatAge(time: number, now: number, { lang } = browserLocale): string {
  const { now: nowWord, ago } = words.in(lang);
  return now - time < 5000 ? nowWord : ago(formatDuration(now - time));
}

/** Clock time, with the date when it was not in the last 12 hours. */
export function formatMoment(time: number, now: number, locale: Locale = browserLocale): string {
  return Math.abs(now - time) < 43_200_000 ? formatTime(time, 'minutes', locale) : formatTime(time, 'day', locale);
}

const shapes = {
  /** `12:03` */
  minutes: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  /** `12:03:10` */
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  /** `23 Nov` */
  date: { day: 'numeric', month: 'short' },
  /** `23 Nov, 12:03` */
  day: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  /** `23 Nov, 12:03:10` */
  full: {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

export type TimeShape = keyof typeof shapes;

/** A time in the locale's zone and order, in 24 hours. */
export function formatTime(time: number, shape: TimeShape, locale: Locale = browserLocale): string {
  const { lang, timeZone } = locale;
  return cachedFormat(
    locale,
    `time ${shape}`,
    () => new Intl.DateTimeFormat(lang, { ...shapes[shape], ...(timeZone === undefined ? {} : { timeZone }) }),
  ).format(time);
}
