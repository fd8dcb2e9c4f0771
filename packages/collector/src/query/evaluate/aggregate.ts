/** Aggregations: which series become one, and how. */
import type { Aggregate, Grouping } from '../language/ast.ts';
import { LabelSet, metricName } from '../label-set.ts';
import { mergeSame } from './merge.ts';
import { reduceGroup } from './reduce.ts';
import type { VectorSeries } from './value.ts';

/** Series that an aggregation puts together. */
export interface AggregateGroup {
  readonly labels: LabelSet;
  /** Whether the name of any of them has lost its meaning. */
  readonly dropName: boolean;
  readonly members: readonly VectorSeries[];
}

type Reduction = Parameters<typeof reduceGroup>[0];

/** `sum`, `avg` and the like: one series per group. @param parameter  of `quantile`, one per step */
export function aggregate(
  op: Reduction,
  grouping: Grouping,
  series: readonly VectorSeries[],
  count: number,
  parameter: Float64Array | undefined,
): readonly VectorSeries[] {
  return mergeSame(groupBy(grouping, series).map((group) => reduceGroup(op, group, count, parameter)));
}

export function groupBy({ without, labels }: Grouping, series: readonly VectorSeries[]): readonly AggregateGroup[] {
  const names = new Set(without ? [...labels, metricName] : labels);
  const groups = new Map<string, { labels: LabelSet; dropName: boolean; members: VectorSeries[] }>();
  const everything = !without && labels.length === 0;
  for (const one of series) {
    const common = everything ? LabelSet.empty : without ? one.labels.without(names) : one.labels.only(names);
    let group = groups.get(common.key);
    if (group === undefined) groups.set(common.key, (group = { labels: common, dropName: false, members: [] }));
    group.members.push(one);
    group.dropName ||= one.dropName;
  }
  return [...groups.values()];
}

/** Whether an aggregation keeps some of its series as they are instead of making one of them. */
export function keepsSeries(op: Aggregate['op']): op is 'topk' | 'bottomk' | 'limitk' | 'limit_ratio' {
  return op === 'topk' || op === 'bottomk' || op === 'limitk' || op === 'limit_ratio';
}
