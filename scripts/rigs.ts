/** Recordings of several channels at once: CSV with `;`, a time first, and `anomaly` and `changepoint` last. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Rig {
  readonly path: string;
  readonly names: readonly string[];
  /** As many values each. */
  readonly channels: readonly Float64Array[];
  readonly isAnomaly: readonly boolean[];
}

const labelColumns = 2;

export function readRigs(folder: string): readonly Rig[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.csv'));
  return paths.toSorted().flatMap((path) => {
    const [head = '', ...lines] = readFileSync(join(folder, path), 'utf8').trim().split('\n');
    const names = head.trim().split(';');
    if (!names.includes('anomaly')) return [];
    const rows = lines.map((line) => line.trim().split(';'));
    const last = names.length - labelColumns;
    return [
      {
        path,
        names: names.slice(1, last),
        channels: names.slice(1, last).map((_, at) => Float64Array.from(rows, (row) => Number(row[at + 1]))),
        isAnomaly: rows.map((row) => Number(row[last]) === 1),
      },
    ];
  });
}
