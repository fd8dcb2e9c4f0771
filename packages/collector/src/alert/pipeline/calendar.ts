/** Recurring times by the clocks of a time zone, its changes between summer and winter included. */
import type { UnixMs } from '@tarsier/protocol';
import type { Calendar, Weekday } from '@tarsier/protocol/api';
import { dayMs } from '../../storage/hours.ts';

/** What the clocks and calendars of a place show. */
interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly minutes: number;
}

const byIndex: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether `at` is within one of the times; `from` is included, `to` is not. */
export function isWithin({ timeZone, times }: Calendar, at: UnixMs): boolean {
  const local = localTime(timeZone, at);
  const before = dayBefore(local);
  return times.some((window) => {
    const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
    if (from < to) return isOn(window, local) && local.minutes >= from && local.minutes < to;
    return (isOn(window, local) && local.minutes >= from) || (isOn(window, before) && local.minutes < to);
  });
}

function isOn({ days, monthDays }: Calendar['times'][number], { year, month, day }: LocalTime): boolean {
  const weekday = byIndex[new Date(Date.UTC(year, month - 1, day)).getUTCDay()];
  if (weekday === undefined || !days.includes(weekday)) return false;
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return monthDays === undefined || monthDays.includes(day) || monthDays.includes(day - lastDay - 1);
}

function dayBefore(local: LocalTime): LocalTime {
  const date = new Date(Date.UTC(local.year, local.month - 1, local.day) - dayMs);
  return { ...local, year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function localTime(timeZone: string, at: UnixMs): LocalTime {
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
  return {
    year: part.get('year') ?? 0,
    month: part.get('month') ?? 0,
    day: part.get('day') ?? 0,
    minutes: (part.get('hour') ?? 0) * 60 + (part.get('minute') ?? 0),
  };
}

function minutesOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}
