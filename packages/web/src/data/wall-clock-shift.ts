import type { UnixMs } from '@tarsier/protocol';
import { fromLocalInput, toLocalInput } from './local-time.ts';

/**
 * How far back the same wall-clock time was, so that 9 o'clock stands over 9 o'clock across a change of the clocks.
 *
 * @param backMs  whole days; anything else is taken as it is
 */
export function wallClockShift(time: UnixMs, backMs: number, timeZone: string | undefined): number {
  if (backMs % 86_400_000 !== 0) return backMs;
  const wall = Date.parse(`${toLocalInput(time, timeZone)}Z`) - backMs;
  const before = fromLocalInput(new Date(wall).toISOString(), timeZone);
  return Math.floor(time / 1000) * 1000 - before;
}
