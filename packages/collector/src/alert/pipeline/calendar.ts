/** Recurring times by the clocks of a time zone, its changes between summer and winter included. */
import type { UnixMs } from '@tarsier/protocol';
import type { Calendar, Weekday } from '@tarsier/protocol/api';
import { dayMs, minuteMs } from '../../storage/hours.ts';

export interface LocalDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** What the clocks and calendars of a place show. */
export interface LocalTime extends LocalDay {
  readonly minutes: number;
}

/** `to` is not included. */
export interface TimeSpan {
  readonly from: UnixMs;
  readonly to: UnixMs;
}

const byIndex: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const formats = new Map<string, Intl.DateTimeFormat>();
/**
 * By minute and zone. To ask takes microseconds, and who is on call is found out from hundreds of times that are the
 * same whenever it is asked: when turns begin.
 */
const offsets = new Map<string, number>();
const mostOffsets = 10_000;

/** Whether `at` is within one of the times; `from` is included, `to` is not. */
export function isWithin({ timeZone, times }: Calendar, at: UnixMs): boolean {
  const local = localTime(timeZone, at);
  const before = addDays(local, -1);
  return times.some((window) => {
    const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
    if (from < to) return isOn(window, local) && local.minutes >= from && local.minutes < to;
    return (isOn(window, local) && local.minutes >= from) || (isOn(window, before) && local.minutes < to);
  });
}

/** Those of the times that touch `from` to `to`, in order; they may overlap. */
export function spansWithin({ timeZone, times }: Calendar, { from, to }: TimeSpan): readonly TimeSpan[] {
  const spans: TimeSpan[] = [];
  // What goes over midnight may have begun the day before.
  for (let day = addDays(localTime(timeZone, from), -1); ; day = addDays(day, 1)) {
    if (instantOf(timeZone, day, 0) >= to) break;
    for (const window of times) {
      if (!isOn(window, day)) continue;
      const [begin, end] = [minutesOf(window.from), minutesOf(window.to)];
      const span = {
        from: instantOf(timeZone, day, begin),
        to: instantOf(timeZone, begin < end ? day : addDays(day, 1), end),
      };
      if (span.from < to && span.to > from) spans.push(span);
    }
  }
  return spans.toSorted((a, b) => a.from - b.from);
}

/**
 * When the clocks of a zone show so many minutes after midnight: the first time, where they show it twice; where they
 * skip it, as much later as they skip (02:30 is then 03:30).
 */
export function instantOf(timeZone: string, { year, month, day }: LocalDay, minutes: number): UnixMs {
  const wall = Date.UTC(year, month - 1, day) + minutes * minuteMs;
  const before = offsetAt(timeZone, wall - dayMs);
  const after = offsetAt(timeZone, wall + dayMs);
  const found = [before, after].map((offset) => wall - offset).find((at) => wall - at === offsetAt(timeZone, at));
  return found ?? wall - before;
}

export function addDays({ year, month, day }: LocalDay, days: number): LocalDay {
  const date = new Date(Date.UTC(year, month - 1, day) + days * dayMs);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** What the clocks show more than those of UTC, ms; to the minute. */
function offsetAt(timeZone: string, at: UnixMs): number {
  const minute = Math.floor(at / minuteMs);
  const key = `${minute} ${timeZone}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  if (offsets.size >= mostOffsets) offsets.clear();
  const offset = askedOffset(timeZone, minute * minuteMs);
  offsets.set(key, offset);
  return offset;
}

function isOn({ days, monthDays }: Calendar['times'][number], { year, month, day }: LocalDay): boolean {
  const weekday = byIndex[new Date(Date.UTC(year, month - 1, day)).getUTCDay()];
  if (weekday === undefined || !days.includes(weekday)) return false;
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return monthDays === undefined || monthDays.includes(day) || monthDays.includes(day - lastDay - 1);
}

/** What the clocks of a zone show. */
export function localTime(timeZone: string, at: UnixMs): LocalTime {
  const shown = new Date(Math.floor(at / minuteMs) * minuteMs + offsetAt(timeZone, at));
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    minutes: shown.getUTCHours() * 60 + shown.getUTCMinutes(),
  };
}

/** @param at  a whole minute */
function askedOffset(timeZone: string, at: UnixMs): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const part = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const [year = 0, month = 0, day = 0] = [part.get('year'), part.get('month'), part.get('day')];
  const minutes = (part.get('hour') ?? 0) * 60 + (part.get('minute') ?? 0);
  return Date.UTC(year, month - 1, day) + minutes * minuteMs - at;
}

export function minutesOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}
