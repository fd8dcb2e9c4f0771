/** Hot file: the series of a group to one, step by step over columns. */
import type { AggregationName } from '../language/ast.ts';
import type { AggregateGroup } from './aggregate.ts';
import { Mean } from './mean.ts';
import { anyPresent } from './operators.ts';
import { quantileOf } from './quantile.ts';
import { emptySeries, repeated, type VectorSeries } from './value.ts';

type Reduction = Exclude<AggregationName, 'topk' | 'bottomk' | 'limitk' | 'limit_ratio' | 'count_values'>;

export function reduceGroup(
  op: Reduction,
  { labels, dropName, members }: AggregateGroup,
  count: number,
  parameter: Float64Array | undefined,
): VectorSeries {
  const present = anyPresent(members, count);
  return { labels, dropName, present, values: reduceValues(op, members, count, parameter) };
}

function reduceValues(
  op: Reduction,
  members: readonly VectorSeries[],
  count: number,
  parameter: Float64Array | undefined,
): Float64Array {
  switch (op) {
    case 'sum':
      return sums(members, count);
    case 'avg':
      return means(members, count);
    case 'count':
      return counts(members, count);
    case 'group':
      return repeated(1, count);
    case 'min':
    case 'max':
      return extremes(op, members, count);
    case 'stddev':
      return variances(members, count).map(Math.sqrt);
    case 'stdvar':
      return variances(members, count);
    case 'quantile':
      return quantiles(members, count, parameter ?? repeated(Number.NaN, count));
  }
}

/** The same arithmetic as {@link Sum}, for all steps at once. */
function sums(members: readonly VectorSeries[], count: number): Float64Array {
  const total = new Float64Array(count);
  const lost = new Float64Array(count);
  for (const { values, present } of members) {
    for (let step = 0; step < count; step++) {
      if (present[step] === 0) continue;
      const value = values[step] ?? 0;
      const sum = total[step] ?? 0;
      const next = sum + value;
      if (next === Infinity || next === -Infinity) lost[step] = 0;
      else if (Math.abs(sum) >= Math.abs(value)) lost[step] = (lost[step] ?? 0) + (sum - next + value);
      else lost[step] = (lost[step] ?? 0) + (value - next + sum);
      total[step] = next;
    }
  }
  for (let step = 0; step < count; step++) total[step] = (total[step] ?? 0) + (lost[step] ?? 0);
  return total;
}

function means(members: readonly VectorSeries[], count: number): Float64Array {
  const means = Array.from({ length: count }, () => new Mean());
  for (const { values, present } of members) {
    for (const [step, mean] of means.entries()) if (present[step] === 1) mean.add(values[step] ?? 0);
  }
  return Float64Array.from(means, ({ mean }) => mean);
}

function counts(members: readonly VectorSeries[], count: number): Float64Array {
  const total = new Float64Array(count);
  for (const { present } of members) {
    for (let step = 0; step < count; step++) total[step] = (total[step] ?? 0) + (present[step] ?? 0);
  }
  return total;
}

/** Any number goes before NaN. */
function extremes(op: 'min' | 'max', members: readonly VectorSeries[], count: number): Float64Array {
  const best = repeated(Number.NaN, count);
  const sign = op === 'max' ? 1 : -1;
  for (const { values, present } of members) {
    for (let step = 0; step < count; step++) {
      if (present[step] === 0) continue;
      const value = values[step] ?? 0;
      const known = best[step] ?? Number.NaN;
      if (known !== known || sign * value > sign * known) best[step] = value;
    }
  }
  return best;
}

/** Of the whole population, in one pass (Welford 1962, doi:10.1080/00401706.1962.10490022). */
function variances(members: readonly VectorSeries[], count: number): Float64Array {
  const seen = new Float64Array(count);
  const mean = new Float64Array(count);
  const squares = new Float64Array(count);
  for (const { values, present } of members) {
    for (let step = 0; step < count; step++) {
      if (present[step] === 0) continue;
      const value = values[step] ?? 0;
      const n = (seen[step] ?? 0) + 1;
      const delta = value - (mean[step] ?? 0);
      const next = (mean[step] ?? 0) + delta / n;
      seen[step] = n;
      mean[step] = next;
      // One that is not finite has no distance from its own mean.
      squares[step] = Number.isFinite(value) ? (squares[step] ?? 0) + delta * (value - next) : Number.NaN;
    }
  }
  for (let step = 0; step < count; step++) squares[step] = (squares[step] ?? 0) / (seen[step] ?? 1);
  return squares;
}

function quantiles(members: readonly VectorSeries[], count: number, parameter: Float64Array): Float64Array {
  const result = new Float64Array(count);
  const some = new Float64Array(members.length);
  for (let step = 0; step < count; step++) {
    let filled = 0;
    for (const { values, present } of members) if (present[step] === 1) some[filled++] = values[step] ?? 0;
    result[step] = quantileOf(parameter[step] ?? Number.NaN, some.subarray(0, filled));
  }
  return result;
}

/**
 * `count_values`: for each group, how many series have each value. Where the label is one of the group's own, groups
 * that become equal are counted together.
 *
 * @param textOf  the value as the label has it
 */
export function countValues(
  groups: readonly AggregateGroup[],
  label: string,
  count: number,
  textOf: (value: number) => string,
): readonly VectorSeries[] {
  const byKey = new Map<string, VectorSeries>();
  for (const { labels, dropName, members } of groups) {
    const byText = new Map<string, VectorSeries>();
    const seriesOf = (text: string): VectorSeries => {
      const valued = labels.with(label, text);
      const series = byKey.get(valued.key) ?? emptySeries(valued, dropName, count);
      byKey.set(valued.key, series);
      byText.set(text, series);
      return series;
    };
    for (const { values, present } of members) {
      for (let step = 0; step < count; step++) {
        if (present[step] === 0) continue;
        const text = textOf(values[step] ?? 0);
        const series = byText.get(text) ?? seriesOf(text);
        series.values[step] = (series.values[step] ?? 0) + 1;
        series.present[step] = 1;
      }
    }
  }
  return [...byKey.values()];
}
