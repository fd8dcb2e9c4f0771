/** Decides by what a selector is answered: by samples, or by rollups of a minute or an hour. */
import type { SeriesColumn, UnixMs } from '@tarsier/protocol';
import type { Rollup } from '@tarsier/protocol/chunk';
import { dayMs, hourMs, minuteMs } from '../storage/hours.ts';
import type { Reach } from '../storage/select/reach.ts';
import { isRollupFunction } from './functions/rollup-functions.ts';
import type { SelectHints } from './series-reader.ts';

export type RollupWidth = typeof minuteMs | typeof hourMs;

/** What samples are too few to tell a rollup from: it takes a look more, at what is not rolled up yet. */
const shortestMs = 3 * hourMs;

/**
 * Rollups that give the very answer that samples would: of functions that need no more of samples than rollups have,
 * where each window is made of whole buckets.
 *
 * @param from  start of the first window, which is open there
 * @param to    end of the last
 * @returns undefined where only samples do
 */
export function exactWidth(from: UnixMs, to: UnixMs, { stepMs, rangeMs, call }: SelectHints): RollupWidth | undefined {
  if (rangeMs === undefined || !isRollupFunction(call) || to - from < shortestMs) return undefined;
  return ([hourMs, minuteMs] as const).find((width) => [from, to, stepMs, rangeMs].every((ms) => ms % width === 0));
}

/**
 * The finest that reaches back to a time, or else what reaches back farthest.
 *
 * @returns undefined for samples
 */
export function finestWidth(from: UnixMs, { samples, minutes, hours }: Reach): RollupWidth | undefined {
  const byMinute = from < samples && minutes < samples;
  const finer = byMinute ? minutes : samples;
  // Those by hour begin with a day, whenever in it the first sample was.
  const byHour = from < finer && hours + dayMs <= finer && hours < Infinity;
  return byHour ? hourMs : byMinute ? minuteMs : undefined;
}

/** What is known of the samples of each bucket by their times: its first and its last one. */
export function edgeSamples({ count, first, last, firstAt, lastAt }: Rollup): SeriesColumn {
  const times = new Float64Array(count.length * 2);
  const values = new Float64Array(count.length * 2);
  let filled = 0;
  for (let row = 0; row < count.length; row++) {
    if ((count[row] ?? 0) > 1) {
      times[filled] = firstAt[row] ?? 0;
      values[filled++] = first[row] ?? 0;
    }
    times[filled] = lastAt[row] ?? 0;
    values[filled++] = last[row] ?? 0;
  }
  return { times: times.subarray(0, filled), values: values.subarray(0, filled) };
}

/** Whether sums and extremes are plain numbers: what is made of others depends on each sample. */
export function isFinite({ sum, min, max }: Rollup): boolean {
  return [sum, min, max].every((column) => column.every(Number.isFinite));
}
