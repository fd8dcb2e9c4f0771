import { z } from 'zod';

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

export const timeOfDaySchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/u, 'expected HH:MM, as in 22:30');

/** Times that come again, by the clocks on the wall of one time zone. */
export const calendarSchema = z.object({
  timeZone: z
    .string()
    .max(100)
    .refine(isTimeZone, 'expected a name of the IANA time zone database, as in Europe/Berlin'),
  times: z
    .array(
      z.object({
        /** On which days it begins. */
        days: z
          .array(z.enum(weekdays))
          .min(1)
          .default([...weekdays]),
        /** And on which days of the month: 1 is the first, -1 the last. */
        monthDays: z.array(z.int().min(-31).max(31)).min(1).optional(),
        from: timeOfDaySchema,
        /** Not included; at or before `from` it is of the next day. */
        to: timeOfDaySchema,
      }),
    )
    .min(1)
    .max(50),
});
export type Calendar = z.infer<typeof calendarSchema>;

const mostKnownZones = 1_000;
/** To ask takes as long as reading ten policies does, and each names its zone whenever it is read. */
const knownZones = new Set<string>();

function isTimeZone(text: string): boolean {
  if (knownZones.has(text)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions();
  } catch {
    return false;
  }
  if (knownZones.size >= mostKnownZones) knownZones.clear();
  knownZones.add(text);
  return true;
}
