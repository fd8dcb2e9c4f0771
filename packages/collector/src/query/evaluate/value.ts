import type { UnixMs } from '@tarsier/protocol';
import type { Rollup } from '@tarsier/protocol/chunk';
import type { LabelSet } from '../label-set.ts';
import type { WindowBounds } from './windows.ts';

/** One series of an instant vector over all steps: columns, no object per sample. */
export interface VectorSeries {
  readonly labels: LabelSet;
  /**
   * The name has lost its meaning (`rate(x)` is no `x`) and is taken away at the very end, so that `label_replace` can
   * still read it.
   */
  readonly dropName: boolean;
  /** One per step; means nothing where `present` is 0. */
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/** One series of a range vector: its samples in order of time, no staleness markers among them. */
export interface RangeSeries {
  readonly labels: LabelSet;
  readonly dropName: boolean;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Where it stands for samples: `times` are the ends of its buckets. */
  readonly rolledUp?: RolledUp | undefined;
}

export interface RolledUp {
  readonly rollup: Rollup;
  /** Of its buckets, ms. */
  readonly width: number;
}

export interface RangeVector {
  readonly series: readonly RangeSeries[];
  /** Each step looks at the samples in (end - rangeMs, end]. */
  readonly rangeMs: number;
  /** What was asked for: less than `rangeMs` where all that is left lies farther apart. */
  readonly askedMs: number;
  /** End of a step's window. */
  readonly endAt: (step: number) => UnixMs;
  /** Of the series that was looked at last. */
  readonly bounds: WindowBounds;
  /** As of {@link Steps}. */
  readonly lookedAt: Float64Array | undefined;
}

/** Many columns in one array, each given out once: so many small ones would cost more than what is put in them. */
const columns = { length: 65_536, values: new Float64Array(), present: new Uint8Array(), used: 0 };

/** All zeros. */
export function emptySeries(labels: LabelSet, dropName: boolean, count: number): VectorSeries {
  if (columns.used + count > columns.values.length) {
    const length = Math.max(count, columns.length);
    Object.assign(columns, { values: new Float64Array(length), present: new Uint8Array(length), used: 0 });
  }
  const begin = columns.used;
  const end = (columns.used += count);
  return {
    labels,
    dropName,
    values: columns.values.subarray(begin, end),
    present: columns.present.subarray(begin, end),
  };
}

export function hasSamples({ present }: VectorSeries): boolean {
  return present.includes(1);
}

/** The same value at every step. */
export function repeated(value: number, count: number): Float64Array {
  return new Float64Array(count).fill(value);
}
