import type { SeriesColumn } from '@tarsier/protocol';

/** The width and height of the box that a sparkline is drawn in; stretched to its place. */
export const sparkBox = { width: 120, height: 20 } as const;

/**
 * An SVG path of ratios (0 at the bottom, 1 at the top) over a window of time; '' without samples.
 * Silences of more than 15 s are left open.
 */
export function sparkPath({ times, values }: SeriesColumn, from: number, to: number): string {
  const gapMs = 15_000;
  let path = '';
  let before = -Infinity;
  for (let i = 0; i < times.length; i++) {
    const time = times[i] ?? 0;
    if (time < from) continue;
    const x = ((time - from) / (to - from)) * sparkBox.width;
    const y = (1 - Math.min(1, Math.max(0, values[i] ?? 0))) * sparkBox.height;
    path += `${time - before > gapMs ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    before = time;
  }
  return path;
}
