/** The rules of the Numenta Anomaly Benchmark, standard profile (Lavin & Ahmad 2015, arXiv:1510.03336). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSeries } from '@tarsier/collector/detect';

const falsePositive = 0.11;
const probation = { share: 0.15, most: 750 } as const;

export interface NabFile {
  readonly path: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** Rows before this one do not count. */
  readonly from: number;
  /** What an alarm in each row is worth: up to 1 in a window, down to -1 far from it. */
  readonly gains: readonly number[];
  /** Window that each row is in, or -1. */
  readonly windows: readonly number[];
}

export function readNab(dataDir: string, windowsFile: string): NabFile[] {
  const labels = JSON.parse(readFileSync(windowsFile, 'utf8')) as Readonly<Record<string, readonly [string, string][]>>;
  return Object.keys(labels)
    .toSorted()
    .map((path) => readFile(dataDir, path, labels[path] ?? []));
}

function readFile(dataDir: string, path: string, labels: readonly [string, string][]): NabFile {
  const samples = readSeries(readFileSync(join(dataDir, path), 'utf8'));
  const times = samples.map(({ time }) => time);
  const spans = labels.map((label) =>
    label.map((at) => times.indexOf(Date.parse(`${at.slice(0, 19).replace(' ', 'T')}Z`))),
  );
  const windows = times.map((_, row) => spans.findIndex(([first = 0, last = 0]) => row >= first && row <= last));
  const gains = times.map((_, row) => {
    const [first = 0, last = 0] = spans[windows[row] ?? -1] ?? [];
    if (windows[row] !== -1) return worth(-(last - row + 1) / (last - first + 1)) / worth(-1);
    const [start, end] = spans.findLast(([, last = 0]) => last < row) ?? [];
    return start === undefined || end === undefined ? -1 : worth((row - end) / (end - start));
  });
  const from = Math.min(Math.floor(probation.share * times.length), probation.most);
  return { path, times, values: samples.map(({ value }) => value), from, gains, windows };
}

/** @param position  -1 is a window's left edge, 0 its right one, more is after it, in widths */
function worth(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

/** What a detector earns in a file. */
export interface Earned {
  readonly total: number;
  readonly windows: number;
}

export function earned({ from, gains, windows }: NabFile, alarms: Iterable<number>): Earned {
  const found = new Map<number, number>();
  for (const window of windows.slice(from)) if (window !== -1) found.set(window, -1);
  let total = 0;
  for (const row of alarms) {
    if (row < from) continue;
    const [window = -1, gain = -1] = [windows[row], gains[row]];
    if (window === -1) total += falsePositive * gain;
    else found.set(window, Math.max(found.get(window) ?? -1, gain));
  }
  for (const gain of found.values()) total += gain;
  return { total, windows: found.size };
}

/** 0 for no alarm at all, 100 for one at the start of each window. */
export function nabScore(files: readonly Earned[]): number {
  const total = files.reduce((sum, file) => sum + file.total, 0);
  const windows = files.reduce((sum, file) => sum + file.windows, 0);
  return (100 * (total + windows)) / (2 * windows);
}
