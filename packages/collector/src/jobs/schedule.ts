import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { JobSchedule, NewSchedule } from '@tarsier/protocol/api';
import { Cron } from 'croner';

/** Of missed times, at most so many are made up for. */
const mostMissed = 100;

/**
 * The next time after `after`; null when there is none.
 *
 * @throws {TarsierError} `jobs/cron`, `jobs/time-zone`
 */
export function nextTime({ cron, timeZone }: Pick<NewSchedule, 'cron' | 'timeZone'>, after: UnixMs): UnixMs | null {
  try {
    Intl.DateTimeFormat(undefined, { timeZone });
  } catch (cause) {
    throw new TarsierError('jobs/time-zone', `timeZone: expected an IANA name, as in Europe/Berlin, got ${timeZone}`, {
      cause,
      field: 'timeZone',
    });
  }
  try {
    return new Cron(cron, { timezone: timeZone, paused: true }).nextRun(new Date(after))?.getTime() ?? null;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TarsierError('jobs/cron', `cron: ${why}`, { cause, field: 'cron' });
  }
}

/** Between two looks of whoever fires schedules: a time that is no older was not missed. */
const punctualMs = 60_000;

/**
 * What is to be run of a schedule whose time has come, by its policy for times at which nobody was there.
 *
 * @returns the times to run for, oldest first, and the next one
 */
export function dueTimes(
  schedule: Pick<JobSchedule, 'cron' | 'timeZone' | 'missed' | 'nextAt'>,
  now: UnixMs,
): { readonly times: readonly UnixMs[]; readonly nextAt: UnixMs | null } {
  let times: UnixMs[] = [];
  let at: UnixMs | null = schedule.nextAt;
  for (; at !== null && at <= now && times.length < mostMissed; at = nextTime(schedule, at)) times.push(at);
  if (at !== null && at <= now) {
    // Too many to go through: a schedule of each second that nobody looked at for a year has 31 million.
    times = newestTimes(schedule, now);
    at = nextTime(schedule, now);
  }
  const newest = times.at(-1);
  const chosen =
    schedule.missed === 'all'
      ? times
      : times.filter((time) => time === newest && (schedule.missed === 'once' || now - time <= punctualMs));
  return { times: chosen, nextAt: at };
}

/** The last ones up to `now`, oldest first. */
function newestTimes({ cron, timeZone }: Pick<NewSchedule, 'cron' | 'timeZone'>, now: UnixMs): UnixMs[] {
  // It looks before a second, and times are whole ones.
  const after = new Date(Math.floor(now / 1_000) * 1_000 + 1_000);
  const runs = new Cron(cron, { timezone: timeZone, paused: true }).previousRuns(mostMissed, after);
  return runs.map((run) => run.getTime()).toSorted((a, b) => a - b);
}
