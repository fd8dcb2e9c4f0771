/** A tree to columns: one evaluation of one query. */
import {
  isTrim,
  unwrap,
  type Aggregate,
  type Binary,
  type Call,
  type Expr,
  type Matcher,
  type MatrixSelector,
  type Subquery,
  type VectorSelector,
} from '../language/ast.ts';
import { typeOf } from '../language/check-types.ts';
import { formatPlain, formatShort } from '../language/number.ts';
import { executionError } from '../language/query-error.ts';
import { isFunctionName } from '../language/signatures.ts';
import { isName, quote } from '../language/text.ts';
import { scalarFunctions, vectorFunctions } from '../functions/index.ts';
import type { StoredSeries } from '../series-reader.ts';
import { withoutStale } from '../staleness.ts';
import { aggregate, groupBy, keepsSeries } from './aggregate.ts';
import type { Annotations } from './annotations.ts';
import { scalarWithScalar, vectorWithScalar } from './binary-scalar.ts';
import { vectorWithVector } from './binary-vector.ts';
import type { CallContext } from './call.ts';
import { chooseK, chooseRatio } from './choose.ts';
import { invariantParts, lookAt, plainSelector, positiveMs, subquerySteps, type QueryTimes } from './prepare.ts';
import { isQuantile } from './quantile.ts';
import { countValues } from './reduce.ts';
import { newestAt } from './select-instant.ts';
import { timeOf, type Steps } from './steps.ts';
import { repeated, type RangeSeries, type RangeVector, type VectorSeries } from './value.ts';
import { WindowBounds } from './windows.ts';
import type { Work } from './work.ts';

export interface EvaluationParts {
  readonly expr: Expr;
  readonly times: QueryTimes;
  /** What each selector found. */
  readonly found: ReadonlyMap<VectorSelector, readonly StoredSeries[]>;
  readonly annotations: Annotations;
  readonly work: Work;
  /** For what is known to be needed only while evaluating. */
  readonly select: (matchers: readonly Matcher[], steps: Steps) => Promise<readonly StoredSeries[]>;
}

export class Evaluation {
  readonly #parts: EvaluationParts;
  readonly #invariant: ReadonlySet<Expr>;

  constructor(parts: EvaluationParts) {
    this.#parts = parts;
    this.#invariant = invariantParts(parts.expr);
  }

  async vector(expr: Expr, steps: Steps): Promise<readonly VectorSeries[]> {
    if (steps.count > 1 && this.#invariant.has(expr)) {
      const { lookedAt, ...rest } = steps;
      const counts = lookedAt === undefined ? {} : { lookedAt: new Float64Array(1) };
      const once = await this.#vector(expr, { ...rest, ...counts, count: 1 });
      // Each step counts them, as if it had looked itself.
      lookedAt?.forEach((count, step) => (lookedAt[step] = count + (counts.lookedAt?.[0] ?? 0)));
      this.#parts.work.hold(once.length * steps.count);
      return once.map((series) => ({
        ...series,
        values: repeated(series.values[0] ?? 0, steps.count),
        present: new Uint8Array(steps.count).fill(1),
      }));
    }
    const series = await this.#vector(expr, steps);
    this.#parts.work.hold(series.length * steps.count);
    return series;
  }

  async scalar(expr: Expr, steps: Steps): Promise<Float64Array> {
    switch (expr.kind) {
      case 'number':
        return repeated(expr.value, steps.count);
      case 'paren':
        return this.scalar(expr.of, steps);
      case 'unary': {
        const values = await this.scalar(expr.of, steps);
        return expr.op === '-' ? values.map((value) => -value) : values;
      }
      case 'binary':
        return scalarWithScalar(expr, await this.scalar(expr.left, steps), await this.scalar(expr.right, steps));
      case 'call': {
        const evaluate = isFunctionName(expr.name) ? scalarFunctions[expr.name] : undefined;
        if (evaluate !== undefined) return evaluate(this.#context(expr, steps));
        throw new TypeError(`${expr.name} gives no scalar`);
      }
      case 'string':
      case 'selector':
      case 'matrix':
      case 'subquery':
      case 'aggregate':
        throw new TypeError(`expected a scalar, got ${expr.kind}`);
    }
  }

  async #vector(expr: Expr, steps: Steps): Promise<readonly VectorSeries[]> {
    switch (expr.kind) {
      case 'selector':
        return this.#select(expr, steps, 'values');
      case 'paren':
        return this.vector(expr.of, steps);
      case 'unary': {
        const series = await this.vector(expr.of, steps);
        if (expr.op === '+') return series;
        return series.map((one) => ({ ...one, dropName: true, values: one.values.map((value) => -value) }));
      }
      case 'binary':
        return this.#binary(expr, steps);
      case 'aggregate':
        return this.#aggregate(expr, steps);
      case 'call': {
        const evaluate = isFunctionName(expr.name) ? vectorFunctions[expr.name] : undefined;
        if (evaluate !== undefined) return evaluate(this.#context(expr, steps));
        throw new TypeError(`${expr.name} gives no vector`);
      }
      case 'number':
      case 'string':
      case 'matrix':
      case 'subquery':
        throw new TypeError(`expected a vector, got ${expr.kind}`);
    }
  }

  /** @param countInside  whether what a subquery looks at is counted, instead of its points */
  async matrix(expr: Expr, steps: Steps, countInside = false): Promise<RangeVector> {
    const inner = unwrap(expr);
    const range =
      inner.kind === 'matrix'
        ? this.#range(inner, steps)
        : inner.kind === 'subquery'
          ? await this.#subquery(inner, steps, countInside)
          : undefined;
    if (range === undefined) throw new TypeError(`expected a range vector, got ${inner.kind}`);
    // Whatever is made of it has a point of each series at each step; at one it may also be the answer itself.
    if (steps.count > 1) this.#parts.work.expect(range.series.length * steps.count);
    return range;
  }

  async #select(selector: VectorSelector, steps: Steps, what: 'values' | 'times'): Promise<readonly VectorSeries[]> {
    const { times, work, found } = this.#parts;
    const look = lookAt(selector, steps, times);
    const series: VectorSeries[] = [];
    const all = found.get(selector) ?? [];
    work.expect(all.length * steps.count);
    for (const stored of all) {
      const newest = newestAt(stored, steps.count, look, times.lookBackMs, what, steps.lookedAt);
      if (newest !== undefined) series.push(newest);
      await work.pause();
    }
    return series;
  }

  #range({ selector, range }: MatrixSelector, steps: Steps): RangeVector {
    const { times, found } = this.#parts;
    const series = found.get(selector) ?? [];
    const askedMs = positiveMs(range, times);
    return {
      series: series.map(({ labels, column, rolledUp }): RangeSeries => ({
        labels,
        dropName: false,
        ...withoutStale(column),
        rolledUp,
      })),
      rangeMs: series.reduce((longest, { spacingMs = 0 }) => Math.max(longest, spacingMs), askedMs),
      askedMs,
      endAt: lookAt(selector, steps, times),
      bounds: new WindowBounds(),
      lookedAt: steps.lookedAt,
    };
  }

  async #subquery(subquery: Subquery, steps: Steps, countInside: boolean): Promise<RangeVector> {
    const { times, work } = this.#parts;
    const grid = subquerySteps(subquery, steps, times);
    work.expect(grid.count);
    const inside = countInside ? { lookedAt: new Float64Array(grid.count) } : {};
    const inner = grid.count === 0 ? [] : await this.vector(subquery.of, { ...grid, ...inside });
    if (steps.lookedAt !== undefined && inside.lookedAt !== undefined) {
      steps.lookedAt[0] = inside.lookedAt.reduce((sum, count) => sum + count, steps.lookedAt[0] ?? 0);
    }
    const allTimes = Float64Array.from({ length: grid.count }, (_, step) => timeOf(grid, step));
    const series = inner.map(({ labels, dropName, values, present }): RangeSeries => {
      if (!present.includes(0)) return { labels, dropName, times: allTimes, values };
      return {
        labels,
        dropName,
        times: allTimes.filter((_, step) => present[step] === 1),
        values: values.filter((_, step) => present[step] === 1),
      };
    });
    const rangeMs = positiveMs(subquery.range, times);
    return {
      series,
      rangeMs,
      askedMs: rangeMs,
      endAt: lookAt(subquery, steps, times),
      bounds: new WindowBounds(),
      lookedAt: countInside ? undefined : steps.lookedAt,
    };
  }

  async #binary(node: Binary, steps: Steps): Promise<readonly VectorSeries[]> {
    if (isTrim(node.op)) return this.#trim(node, steps);
    if (typeOf(node.left) === 'scalar') {
      const scalar = await this.scalar(node.left, steps);
      return vectorWithScalar(node, await this.vector(node.right, steps), scalar, true);
    }
    const left = await this.vector(node.left, steps);
    if (typeOf(node.right) === 'scalar') {
      return vectorWithScalar(node, left, await this.scalar(node.right, steps), false);
    }
    return vectorWithVector(node, left, await this.vector(node.right, steps), steps.count, this.#parts.work);
  }

  /** Floats have no buckets to cut: nothing comes of them, and that is told. */
  async #trim({ op, left, right, span }: Binary, steps: Steps): Promise<readonly VectorSeries[]> {
    for (const side of [left, right]) {
      if (typeOf(side) === 'vector' && (await this.vector(side, steps)).length === 0) return [];
    }
    this.#parts.annotations.info(
      `incompatible sample types encountered for binary operator "${op}": float ${op} float`,
      span,
    );
    return [];
  }

  async #aggregate(node: Aggregate, steps: Steps): Promise<readonly VectorSeries[]> {
    const { annotations } = this.#parts;
    const { op, grouping } = node;
    if (op === 'count_values') {
      const label = node.parameter === undefined ? '' : this.string(node.parameter);
      if (!isName(label)) throw executionError(`invalid label name ${quote(label)}`);
      const groups = groupBy(grouping, await this.vector(node.of, steps));
      return countValues(groups, label, steps.count, formatPlain);
    }
    const parameter = node.parameter === undefined ? undefined : await this.scalar(node.parameter, steps);
    if (op === 'quantile' && parameter !== undefined && node.parameter !== undefined) {
      for (const phi of new Set(parameter)) {
        if (isQuantile(phi)) continue;
        annotations.warn(`quantile value should be between 0 and 1, got ${formatShort(phi)}`, node.parameter.span);
      }
    }
    if (!keepsSeries(op)) {
      return aggregate(op, grouping, await this.vector(node.of, steps), steps.count, parameter);
    }
    const groups = groupBy(grouping, await this.vector(node.of, steps));
    const wanted = parameter ?? repeated(0, steps.count);
    if (op !== 'limit_ratio') return chooseK(op, groups, wanted);
    return chooseRatio(groups, wanted, (ratio, capped) =>
      annotations.warn(
        `ratio value should be between -1 and 1, got ${formatShort(ratio)}, capping to ${formatShort(capped)}`,
        (node.parameter ?? node).span,
      ),
    );
  }

  string(expr: Expr): string {
    const inner = unwrap(expr);
    if (inner.kind === 'string') return inner.value;
    throw new TypeError(`expected a string, got ${inner.kind}`);
  }

  #context(call: Call, steps: Steps): CallContext {
    const { annotations, times, work, select } = this.#parts;
    const arg = (index: number): Expr => {
      const expr = call.args[index];
      if (expr === undefined) throw new RangeError(`${call.name} has no argument ${index}`);
      return expr;
    };
    return {
      call,
      steps,
      times,
      annotations,
      vector: (index) => this.vector(arg(index), steps),
      scalar: (index) => this.scalar(arg(index), steps),
      matrix: (index) => this.matrix(arg(index), steps),
      string: (index) => this.string(arg(index)),
      sampleTimes: (index) => {
        const selector = plainSelector(arg(index));
        return selector === undefined ? undefined : this.#select(selector, steps, 'times');
      },
      select: (matchers) => select(matchers, steps),
      pause: () => work.pause(),
    };
  }
}
