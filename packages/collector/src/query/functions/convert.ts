/** Between scalars and vectors, and in order. */
import type { CallContext, ScalarFunction, VectorFunction } from '../evaluate/call.ts';
import type { VectorSeries } from '../evaluate/value.ts';
import { LabelSet } from '../label-set.ts';

/** The value of the only series; NaN where there is none or more than one. */
const scalar: ScalarFunction = async (context) => {
  const series = await context.vector(0);
  return Float64Array.from({ length: context.steps.count }, (_, step) => {
    const [only, another] = series.filter(({ present }) => present[step] === 1);
    return another === undefined ? (only?.values[step] ?? Number.NaN) : Number.NaN;
  });
};

const vector: VectorFunction = async (context) => [
  {
    labels: LabelSet.empty,
    dropName: false,
    values: await context.scalar(0),
    present: new Uint8Array(context.steps.count).fill(1),
  },
];

/** Orders the series of an instant query; of a range query's the answer is in the order of labels anyway. */
function ordered(order: (context: CallContext) => (a: VectorSeries, b: VectorSeries) => number): VectorFunction {
  return async (context) => {
    const { call, steps, annotations, times } = context;
    const series = await context.vector(0);
    if (times.stepMs > 0 || steps.count > 1) {
      annotations.warn('sort is ineffective for range queries since results are always ordered by labels', call.span);
      return series;
    }
    return series.toSorted(order(context));
  };
}

/** NaN last, both ways. */
function byValue(descending: boolean): (a: VectorSeries, b: VectorSeries) => number {
  return (one, other) => {
    const [a, b] = [one.values[0] ?? Number.NaN, other.values[0] ?? Number.NaN];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return descending ? b - a || 0 : a - b || 0;
  };
}

/** By the labels that are named, then by all; numbers inside values count as numbers: `cpu2` before `cpu10`. */
const byLabels = (context: CallContext, sign: 1 | -1): ((a: VectorSeries, b: VectorSeries) => number) => {
  const names = context.call.args.slice(1).map((_, index) => context.string(index + 1));
  return (one, other) => {
    for (const name of names) {
      const order = compareNaturally(one.labels.get(name), other.labels.get(name));
      if (order !== 0) return sign * order;
    }
    return sign * one.labels.compare(other.labels);
  };
};

function compareNaturally(a: string, b: string): number {
  const [left, right] = [a.match(/\d+|\D+/gu) ?? [], b.match(/\d+|\D+/gu) ?? []];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (part === other) continue;
    const numbers = /^\d/u.test(part) && /^\d/u.test(other) ? Number(part) - Number(other) : 0;
    return numbers === 0 ? (part < other ? -1 : 1) : numbers;
  }
  return left.length - right.length;
}

export const convertScalars = { scalar } satisfies Readonly<Record<string, ScalarFunction>>;

export const convertFunctions = {
  vector,
  sort: ordered(() => byValue(false)),
  sort_desc: ordered(() => byValue(true)),
  sort_by_label: ordered((context) => byLabels(context, 1)),
  sort_by_label_desc: ordered((context) => byLabels(context, -1)),
} satisfies Readonly<Record<string, VectorFunction>>;
