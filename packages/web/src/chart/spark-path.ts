import type { SeriesColumn } from '@tarsier/protocol';
import { typicalInterval } from './align.ts';

/** The width and height of the box that a sparkline is drawn in; stretched to its place. */
export const sparkBox = { width: 120, height: 20 } as const;

export interface SparkScale {
  readonly from: number;
  readonly to: number;
  readonly min: number;
  readonly max: number;
}

/**
 * An SVG path of values over a stretch of time; '' without samples. Silences of more than 2.5 times the usual
 * interval, and of 15 s at least, are left open. Of many samples the extremes are kept.
 */
export function sparkPath({ times, values }: SeriesColumn, { from, to, min, max }: SparkScale): string {
  const height = max > min ? max - min : 1;
  const y = (value: number): string =>
    ((1 - Math.min(1, Math.max(0, (value - min) / height))) * sparkBox.height).toFixed(1);
  const gapMs = Math.max(15_000, 2.5 * typicalInterval(times) || 0);
  let path = '';
  let before = -Infinity;
  let bucket = NaN;
  let low = Infinity;
  let high = -Infinity;
  const flush = (): void => {
    if (low < high) path += `L${bucket} ${y(low)}L${bucket} ${y(high)}`;
    low = Infinity;
    high = -Infinity;
  };
  for (let i = 0; i < times.length; i++) {
    const time = times[i] ?? 0;
    const value = values[i] ?? NaN;
    if (time < from || Number.isNaN(value)) continue;
    const x = Math.round(((time - from) / (to - from)) * sparkBox.width * 2) / 2;
    if (x === bucket && time - before <= gapMs) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    } else {
      flush();
      path += `${time - before > gapMs ? 'M' : 'L'}${x} ${y(value)}`;
      bucket = x;
      low = value;
      high = value;
    }
    before = time;
  }
  flush();
  return path;
}

/** Smallest and largest of the values from a time on; zero to one where there is none. */
export function extentOf(columns: readonly SeriesColumn[], from: number): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const { times, values } of columns) {
    for (let i = 0; i < times.length; i++) {
      const value = values[i] ?? NaN;
      if ((times[i] ?? 0) < from || Number.isNaN(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min <= max ? { min, max } : { min: 0, max: 1 };
}
