import type { UnixMs } from '@tarsier/protocol';

/** Cold samples are kept by the hour, rollups by minute and hour. */
export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

/** Its day, UTC: `2026-11-30`. */
export function dayText(time: UnixMs): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** End of the hour that holds a sample: those after its start, up to and including its end. */
export function hourOf(time: UnixMs): UnixMs {
  return Math.ceil(time / hourMs) * hourMs;
}

/** End of the day (UTC) that holds an hour that ends then. */
export function dayOf(hour: UnixMs): UnixMs {
  return Math.ceil(hour / dayMs) * dayMs;
}
