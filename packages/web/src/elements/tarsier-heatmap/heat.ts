import type { HeldSeries } from '../../data/source.ts';

export interface HeatRow {
  readonly name: string;
  /** One per column, the largest of its time; NaN where there is none. */
  readonly values: Float64Array;
  readonly latest: number | undefined;
  readonly highest: number;
}

export interface Heat {
  readonly rows: readonly HeatRow[];
  readonly columns: number;
  readonly columnMs: number;
  readonly from: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Series as rows of cells. Of several series with the same name a cell has the largest value: heat is looked for.
 *
 * @param rows  the label that names a row
 * @param columns  how many cells a row has
 */
export function heatOf(
  series: readonly HeldSeries[],
  rows: string,
  { from, to }: { readonly from: number; readonly to: number },
  columns: number,
): Heat {
  const columnMs = (to - from) / columns;
  const byName = new Map<string, { values: Float64Array; latest: number | undefined; newest: number }>();
  for (const { name, labels, column } of series) {
    const key = labels[rows] ?? name;
    const row = byName.get(key) ?? {
      values: new Float64Array(columns).fill(NaN),
      latest: undefined,
      newest: -Infinity,
    };
    byName.set(key, row);
    for (let i = 0; i < column.times.length; i++) {
      const cell = Math.floor(((column.times[i] ?? 0) - from) / columnMs);
      const value = column.values[i] ?? NaN;
      if (cell < 0 || cell > columns || Number.isNaN(value)) continue;
      const at = Math.min(cell, columns - 1);
      if (!(value <= (row.values[at] ?? NaN))) row.values[at] = value;
    }
    const newest = column.times.at(-1) ?? -Infinity;
    const latest = column.values.at(-1);
    if (newest > row.newest || (newest === row.newest && (latest ?? -Infinity) > (row.latest ?? -Infinity))) {
      row.newest = newest;
      row.latest = latest;
    }
  }
  const listed = [...byName].map(([name, { values, latest }]) => {
    const highest = values.reduce((most, value) => (value > most ? value : most), -Infinity);
    return { name, values, latest, highest };
  });
  const known = listed.filter(({ highest }) => Number.isFinite(highest));
  const lowest = known.reduce(
    (least, { values }) => values.reduce((low, value) => (value < low ? value : low), least),
    Infinity,
  );
  return {
    rows: known.toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })),
    columns,
    columnMs,
    from,
    min: Number.isFinite(lowest) ? lowest : 0,
    max: known.reduce((most, { highest }) => Math.max(most, highest), -Infinity),
  };
}

/** Which of the seven steps a value has, 0 to 6. */
export function heatStep(value: number, min: number, max: number): number {
  return max > min ? Math.min(6, Math.max(0, Math.floor(((value - min) / (max - min)) * 7))) : 0;
}
