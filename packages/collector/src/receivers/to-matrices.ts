import { payloadLimits, type SampleMatrix } from '@tarsier/protocol';

/** Samples of one column. */
export interface ColumnSamples {
  readonly column: number;
  readonly times: ArrayLike<number>;
  readonly values: Float64Array;
}

export interface ReceivedMatrix extends SampleMatrix {
  readonly present: Uint8Array;
}

/**
 * Puts samples with times of their own into matrices that fit into a batch each. Of two samples of a column at one time
 * the later one in the list counts.
 *
 * @param spanMs  most between the first and the last time of a matrix
 */
export function toMatrices(samples: readonly ColumnSamples[], width: number, spanMs: number): ReceivedMatrix[] {
  const distinct = new Set<number>();
  for (const { times } of samples) for (let index = 0; index < times.length; index++) distinct.add(times[index] ?? 0);
  const all = Float64Array.from(distinct).toSorted();
  const mostRows = Math.min(payloadLimits.rows, Math.floor(payloadLimits.samples / width));
  const matrices: ReceivedMatrix[] = [];
  for (let from = 0; from < all.length;) {
    let to = from + 1;
    while (to < all.length && to - from < mostRows && (all[to] ?? 0) - (all[from] ?? 0) <= spanMs) to++;
    matrices.push(matrixOf(samples, width, all.slice(from, to)));
    from = to;
  }
  return matrices;
}

function matrixOf(samples: readonly ColumnSamples[], width: number, times: Float64Array): ReceivedMatrix {
  const rows = times.length;
  const rowOf = new Map(Array.from(times, (time, row) => [time, row]));
  const values = new Float64Array(rows * width).fill(Number.NaN);
  const present = new Uint8Array(rows * width);
  for (const { column, times: own, values: ownValues } of samples) {
    for (let index = 0; index < own.length; index++) {
      const row = rowOf.get(own[index] ?? 0);
      if (row === undefined) continue;
      const cell = column * rows + row;
      // Through typed arrays alone, so that a NaN keeps its bits.
      values.set(ownValues.subarray(index, index + 1), cell);
      present[cell] = 1;
    }
  }
  return { times, width, values, present };
}

/** The other columns alone. */
export function withoutColumns(
  { times, width, values, present }: ReceivedMatrix,
  columns: ReadonlySet<number>,
): ReceivedMatrix {
  const rows = times.length;
  const kept = Array.from({ length: width }, (_, column) => column).filter((column) => !columns.has(column));
  const rest = {
    times,
    width: kept.length,
    values: new Float64Array(rows * kept.length),
    present: new Uint8Array(rows * kept.length),
  };
  for (const [to, from] of kept.entries()) {
    rest.values.set(values.subarray(from * rows, (from + 1) * rows), to * rows);
    rest.present.set(present.subarray(from * rows, (from + 1) * rows), to * rows);
  }
  return rest;
}

export function sampleCount({ present }: ReceivedMatrix): number {
  return present.reduce((total, flag) => total + flag, 0);
}
