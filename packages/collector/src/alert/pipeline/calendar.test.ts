import { calendarSchema } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { isWithin, localTime } from './calendar.ts';

const berlin = (times: readonly object[]) => calendarSchema.parse({ timeZone: 'Europe/Berlin', times });
const at = (text: string): number => Date.parse(text);

test.each([
  ['at its beginning', '2026-11-24T21:00:00Z', true],
  ['a minute before', '2026-11-24T20:59:00Z', false],
  ['after midnight', '2026-11-25T04:59:00Z', true],
  ['at its end', '2026-11-25T05:00:00Z', false],
  ['in summer it is an hour earlier by UTC', '2026-07-07T20:00:00Z', true],
  ['and ends an hour earlier', '2026-07-08T04:00:00Z', false],
])('a night from 22:00 to 06:00 in Berlin: %s', (_, time, expected) => {
  expect(isWithin(berlin([{ from: '22:00', to: '06:00' }]), at(time))).toBe(expected);
});

test('what goes over midnight belongs to the day on which it begins', () => {
  const friday = berlin([{ days: ['fri'], from: '23:00', to: '02:00' }]);
  expect(isWithin(friday, at('2026-11-28T00:30:00+01:00'))).toBe(true);
  expect(isWithin(friday, at('2026-11-27T00:30:00+01:00'))).toBe(false);
});

test('the last Sunday night before the clocks go back lasts an hour longer', () => {
  const night = berlin([{ from: '01:00', to: '04:00' }]);
  const within = (from: string, hours: number): number =>
    Array.from({ length: hours * 60 }, (_, minute) => isWithin(night, at(from) + minute * 60_000)).filter(Boolean)
      .length;
  expect(within('2026-10-25T00:00:00+02:00', 6)).toBe(4 * 60);
  expect(within('2026-03-29T00:00:00+01:00', 6)).toBe(2 * 60);
});

test('days of the month count from either end', () => {
  const last = berlin([{ monthDays: [-1], from: '00:00', to: '00:00' }]);
  expect(isWithin(last, at('2026-02-28T12:00:00+01:00'))).toBe(true);
  expect(isWithin(last, at('2028-02-28T12:00:00+01:00'))).toBe(false);
  expect(isWithin(last, at('2028-02-29T12:00:00+01:00'))).toBe(true);
});

test('a zone of half hours, and one beyond the date line', () => {
  const noon = (timeZone: string) =>
    calendarSchema.parse({ timeZone, times: [{ days: ['wed'], from: '12:00', to: '12:30' }] });
  expect(isWithin(noon('Asia/Kolkata'), at('2026-11-25T06:30:00Z'))).toBe(true);
  expect(isWithin(noon('Pacific/Kiritimati'), at('2026-11-24T22:00:00Z'))).toBe(true);
  expect(isWithin(noon('Pacific/Kiritimati'), at('2026-11-25T22:00:00Z'))).toBe(false);
});

test('a time zone that there is not is refused by name', () => {
  expect(
    calendarSchema.safeParse({ timeZone: 'Mars/Olympus', times: [{ from: '00:00', to: '01:00' }] }).error?.issues[0]
      ?.path,
  ).toEqual(['timeZone']);
});

test.each([
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  // It was set a minute after.
  ['Antarctica/Casey', '2020-10-03T16:01:00Z'],
])('clocks are read to the minute as they are set, %s', (timeZone, time) => {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  // Twice, and not in order: what was read before is told again.
  for (const minute of [-90, 0, -1, 1, 30, -1, 0, 61, 0, -90]) {
    const then = at(time) + minute * 60_000;
    const { year, month, day, minutes } = localTime(timeZone, then + 59_999);
    const shown = new Date(Date.UTC(year, month - 1, day, 0, minutes));
    const text = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'short' });
    expect(text.format(shown)).toBe(format.format(then));
  }
});
