import type { ComparedModel } from '@tarsier/protocol/api';

export type ColumnName = 'quality' | 'falseAlarms' | 'latency' | 'cpu' | 'memory' | 'training' | 'efficiency';

export interface Column {
  readonly name: ColumnName;
  readonly better: 'high' | 'low';
  readonly unit: string;
  /** @returns undefined where such a model has no such number */
  readonly of: (row: ComparedModel) => number | undefined;
}

export const columns: readonly Column[] = [
  { name: 'efficiency', better: 'high', unit: '', of: ({ efficiency }) => efficiency },
  { name: 'quality', better: 'high', unit: 'ratio', of: ({ quality }) => quality.value },
  { name: 'falseAlarms', better: 'low', unit: '', of: ({ falseAlarmsPerDay }) => falseAlarmsPerDay?.value },
  { name: 'latency', better: 'low', unit: 'seconds', of: ({ latencyMs }) => latencyMs && latencyMs / 1000 },
  { name: 'cpu', better: 'low', unit: 'seconds', of: ({ cpuNsPerSample }) => cpuNsPerSample / 1e9 },
  { name: 'memory', better: 'low', unit: 'bytes', of: ({ memoryBytes }) => memoryBytes },
  { name: 'training', better: 'low', unit: 'seconds', of: ({ trainingMs }) => trainingMs / 1000 },
];

/** The best value of a column; undefined where nobody has one. */
export function bestOf(rows: readonly ComparedModel[], { better, of }: Column): number | undefined {
  let best: number | undefined;
  for (const row of rows) {
    const value = of(row);
    if (value === undefined) continue;
    if (best === undefined || (better === 'high' ? value > best : value < best)) best = value;
  }
  return best;
}

/** The best first; those without a number last. */
export function sorted(rows: readonly ComparedModel[], by: ColumnName): readonly ComparedModel[] {
  const column = columns.find(({ name }) => name === by);
  if (column === undefined) return rows;
  const rank = (row: ComparedModel): number => {
    const value = column.of(row);
    if (value === undefined) return Infinity;
    return column.better === 'high' ? -value : value;
  };
  return rows.toSorted((a, b) => rank(a) - rank(b) || 0);
}
