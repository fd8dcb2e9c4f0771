/** Binary operators between two vectors: which series belong together, and what becomes of their labels. */
import { isComparison, isSetOperator, isTrim, type Binary, type Matching } from '../language/ast.ts';
import { executionError } from '../language/query-error.ts';
import { LabelSet, metricName } from '../label-set.ts';
import { mergeSame } from './merge.ts';
import { anyPresent, arithmetic, both, butNot, comparison } from './operators.ts';
import { repeated, type VectorSeries } from './value.ts';
import type { Work } from './work.ts';

/** Series that belong together. */
interface Group {
  /** The labels that they have in common. */
  readonly labels: LabelSet;
  readonly left: VectorSeries[];
  readonly right: VectorSeries[];
}

/** A result with the steps at which both sides were there, whether or not a comparison held. */
interface Match extends VectorSeries {
  readonly matched: Uint8Array;
}

/** @throws {QueryError} `query/execution` where a match is not unique */
export function vectorWithVector(
  node: Binary,
  left: readonly VectorSeries[],
  right: readonly VectorSeries[],
  count: number,
  work: Pick<Work, 'expect'>,
): readonly VectorSeries[] {
  const groups = groupSeries(node.matching, left, right);
  // Series that come and go: each of one side may have met each of the other at some step.
  for (const group of groups.values()) work.expect(group.left.length * group.right.length * count);
  return isSetOperator(node.op)
    ? combineSets(node, groups, count)
    : new VectorMatch(node, groups, left, right, count).results();
}

function groupSeries(
  { on, labels }: Matching,
  left: readonly VectorSeries[],
  right: readonly VectorSeries[],
): ReadonlyMap<string, Group> {
  const names = new Set(on ? labels : [...labels, metricName]);
  const groups = new Map<string, Group>();
  for (const [series, side] of [
    [left, 'left'],
    [right, 'right'],
  ] as const) {
    for (const one of series) {
      const common = on ? one.labels.only(names) : one.labels.without(names);
      let group = groups.get(common.key);
      if (group === undefined) groups.set(common.key, (group = { labels: common, left: [], right: [] }));
      group[side].push(one);
    }
  }
  return groups;
}

function combineSets({ op }: Binary, groups: ReadonlyMap<string, Group>, count: number): readonly VectorSeries[] {
  const results: VectorSeries[] = [];
  const added: VectorSeries[] = [];
  for (const { left, right } of groups.values()) {
    if (op === 'or') {
      const taken = anyPresent(left, count);
      results.push(...left);
      added.push(...right.map((one) => ({ ...one, present: butNot(one.present, taken) })));
    } else {
      const present = anyPresent(right, count);
      const keep = op === 'and' ? both : butNot;
      results.push(...left.map((one) => ({ ...one, present: keep(one.present, present) })));
    }
  }
  return mergeSame([...results, ...added]);
}

/** An arithmetic operator or a comparison between two vectors. */
class VectorMatch {
  readonly #node: Binary;
  readonly #groups: ReadonlyMap<string, Group>;
  readonly #count: number;
  /** The side of which each group has one series only is the right one, but for `group_right`. */
  readonly #oneIsLeft: boolean;
  readonly #many: readonly VectorSeries[];

  constructor(
    node: Binary,
    groups: ReadonlyMap<string, Group>,
    left: readonly VectorSeries[],
    right: readonly VectorSeries[],
    count: number,
  ) {
    this.#node = node;
    this.#groups = groups;
    this.#count = count;
    this.#oneIsLeft = node.matching.cardinality === 'one-to-many';
    this.#many = this.#oneIsLeft ? right : left;
  }

  results(): readonly VectorSeries[] {
    return mergeSame([...this.#groups.values()].flatMap((group) => this.#ofGroup(group)));
  }

  #ofGroup(group: Group): readonly VectorSeries[] {
    const [many, one] = this.#oneIsLeft ? [group.right, group.left] : [group.left, group.right];
    this.#checkOneSide(group, one);
    const results = many.flatMap((series) => one.map((other) => this.#pair(series, other)));
    results.push(...this.#filled(group, many, one));
    if (this.#node.matching.cardinality === 'one-to-one') {
      checkDisjoint(
        results,
        'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
      );
    } else {
      for (const alike of Map.groupBy(results, ({ labels }) => labels.key).values()) {
        checkDisjoint(alike, 'multiple matches for labels: grouping labels must ensure unique matches');
      }
    }
    return results;
  }

  /** At no step that has something to match may two series of the one side be present. */
  #checkOneSide({ labels }: Group, one: readonly VectorSeries[]): void {
    if (one.length < 2) return;
    const { fillLeft, fillRight } = this.#node.matching;
    const filled = fillLeft !== undefined || fillRight !== undefined;
    const needed = filled ? new Uint8Array(this.#count).fill(1) : anyPresent(this.#many, this.#count);
    for (let step = 0; step < this.#count; step++) {
      if (needed[step] === 0) continue;
      const [first, second] = one.filter(({ present }) => present[step] === 1);
      if (first === undefined || second === undefined) continue;
      throw executionError(
        `found duplicate series for the match group ${labels.toBraces()} on the ${this.#oneIsLeft ? 'left' : 'right'} ` +
          `hand-side of the operation: [${[first, second]
            .map(({ labels: own }) => own.toBraces())
            .toSorted()
            .join(', ')}]` +
          ';many-to-many matching not allowed: matching labels must be unique on one side',
      );
    }
  }

  #pair(many: VectorSeries, one: VectorSeries): Match {
    return this.#combine(this.#resultLabels(many.labels, one.labels), many, one);
  }

  #combine(labels: LabelSet, many: VectorSeries, one: Pick<VectorSeries, 'values' | 'present' | 'dropName'>): Match {
    const { op, bool } = this.#node;
    const [left, right] = this.#oneIsLeft ? [one.values, many.values] : [many.values, one.values];
    const matched = both(many.present, one.present);
    if (isSetOperator(op) || isTrim(op)) throw new TypeError(`${op} is no operation on values`);
    if (!isComparison(op))
      return { labels, dropName: many.dropName, values: arithmetic(op, left, right), present: matched, matched };
    const holds = comparison(op, left, right);
    if (bool) return { labels, dropName: true, values: Float64Array.from(holds), present: matched, matched };
    return { labels, dropName: many.dropName, values: left, present: both(matched, holds), matched };
  }

  /** Results for series that have none on the other side, where `fill` gives a value for it. */
  #filled(group: Group, many: readonly VectorSeries[], one: readonly VectorSeries[]): Match[] {
    const { fillLeft, fillRight } = this.#node.matching;
    const [fillMany, fillOne] = this.#oneIsLeft ? [fillRight, fillLeft] : [fillLeft, fillRight];
    const stand = (value: number): Pick<VectorSeries, 'values' | 'present' | 'dropName'> => ({
      values: repeated(value, this.#count),
      present: new Uint8Array(this.#count).fill(1),
      dropName: false,
    });
    const results: Match[] = [];
    if (fillOne !== undefined) {
      const missing = anyPresent(one, this.#count);
      for (const series of many) {
        const alone = { ...series, present: butNot(series.present, missing) };
        results.push(this.#combine(this.#resultLabels(series.labels, LabelSet.empty), alone, stand(fillOne)));
      }
    }
    if (fillMany !== undefined) {
      const missing = anyPresent(many, this.#count);
      for (const series of one) {
        const alone = { ...series, present: butNot(series.present, missing) };
        const labels = this.#resultLabels(group.labels, series.labels);
        results.push(this.#combine(labels, { ...stand(fillMany), labels }, alone));
      }
    }
    return results;
  }

  #resultLabels(many: LabelSet, one: LabelSet): LabelSet {
    const { op, matching } = this.#node;
    let labels = isComparison(op) ? many : many.withoutName();
    if (matching.cardinality === 'one-to-one') {
      const names = new Set(matching.labels);
      labels = matching.on ? labels.only(names) : labels.without(names);
    }
    for (const name of matching.include) labels = labels.with(name, one.get(name));
    return labels;
  }
}

function checkDisjoint(matches: readonly Match[], conflict: string): void {
  if (matches.length < 2) return;
  const taken = new Uint8Array(matches[0]?.matched.length ?? 0);
  for (const { matched } of matches) {
    for (let step = 0; step < taken.length; step++) {
      if (matched[step] === 0) continue;
      if (taken[step] === 1) throw executionError(conflict);
      taken[step] = 1;
    }
  }
}
