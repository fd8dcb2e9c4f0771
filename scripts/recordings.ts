/** Recordings of one series, CSV with `timestamp,value`, on a grid. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toGrid } from '../packages/collector/src/forecast/series-forecast.ts';
import { readSeries } from '../packages/collector/src/detect/score-text.ts';

export interface Recording {
  readonly path: string;
  readonly values: Float64Array;
  readonly startMs: number;
  readonly stepMs: number;
}

/** @param stepMs  of the grid; absent: as it was recorded */
export function readRecordings(folder: string, stepMs?: number): readonly Recording[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.csv'));
  return paths.toSorted().flatMap((path) => {
    const samples = readSeries(readFileSync(join(folder, path), 'utf8'));
    const times = Float64Array.from(samples, ({ time }) => time);
    const usual = (times.at(-1) ?? 0) - (times[0] ?? 0);
    const step = stepMs ?? Math.round(usual / Math.max(1, times.length - 1) / 60_000) * 60_000;
    if (!(step > 0)) return [];
    const grid = toGrid({ times, values: Float64Array.from(samples, ({ value }) => value) }, step);
    if (typeof grid === 'string') return [];
    return [{ path, values: grid.values, startMs: grid.newestAt - (grid.values.length - 1) * step, stepMs: step }];
  });
}
