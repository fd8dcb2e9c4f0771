import type { UnixMs } from '@tarsier/protocol';
import {
  childrenOf,
  unwrap,
  type Expr,
  type Matcher,
  type Shift,
  type Subquery,
  type VectorSelector,
} from '../language/ast.ts';
import { durationMs } from '../language/duration.ts';
import { executionError } from '../language/query-error.ts';
import type { SelectHints } from '../series-reader.ts';
import { alignedSteps, lastTime, timeOf, type Steps } from './steps.ts';

/** What stays the same through a whole evaluation, subqueries included. */
export interface QueryTimes {
  readonly start: UnixMs;
  readonly end: UnixMs;
  /** 0 for an instant query. */
  readonly stepMs: number;
  /** How far back a sample still is the newest, ms. */
  readonly lookBackMs: number;
  /** Step of a subquery that names none, ms. */
  readonly subqueryStepMs: number;
}

export function lengthMs(duration: Parameters<typeof durationMs>[0], { start, end, stepMs }: QueryTimes): number {
  return durationMs(duration, { stepMs, rangeMs: end - start });
}

/** A range or a subquery's step. @throws {QueryError} `query/execution` where arithmetic made it 0 or less */
export function positiveMs(duration: Parameters<typeof durationMs>[0], times: QueryTimes): number {
  const ms = lengthMs(duration, times);
  if (ms > 0) return ms;
  throw executionError('duration must be greater than 0');
}

/** Where a selector or subquery looks at a step: `@` and `offset` applied. */
export function lookAt({ at, offset }: Shift, steps: Steps, times: QueryTimes): (step: number) => UnixMs {
  const offsetMs = offset === undefined ? 0 : lengthMs(offset, times);
  if (at === undefined) return (step) => timeOf(steps, step) - offsetMs;
  const fixed = (at.kind === 'time' ? at.ms : times[at.kind]) - offsetMs;
  return () => fixed;
}

/** The grid on which what is inside a subquery is evaluated: it serves all steps around it. */
export function subquerySteps(subquery: Subquery, steps: Steps, times: QueryTimes): Steps {
  const look = lookAt(subquery, steps, times);
  const stepMs = subquery.step === undefined ? times.subqueryStepMs : positiveMs(subquery.step, times);
  const last = look(Math.max(0, steps.count - 1));
  return alignedSteps(look(0) - positiveMs(subquery.range, times), last, stepMs);
}

/** A selector with the span of time that all its looks go over. */
export interface Wanted {
  readonly selector: VectorSelector;
  readonly matchers: readonly Matcher[];
  readonly from: UnixMs;
  readonly to: UnixMs;
  readonly hints: SelectHints;
}

/** Every selector of an expression, so that all can be read at once before anything is computed. */
export function wantedBy(expr: Expr, steps: Steps, times: QueryTimes, call?: string): readonly Wanted[] {
  switch (expr.kind) {
    case 'selector':
      return [wanted(expr, steps, times, { rangeMs: undefined, call })];
    case 'matrix':
      return [wanted(expr.selector, steps, times, { rangeMs: positiveMs(expr.range, times), call })];
    case 'subquery': {
      const inner = subquerySteps(expr, steps, times);
      return inner.count === 0 ? [] : wantedBy(expr.of, inner, times);
    }
    case 'call':
      // What `info` adds depends on the series it is added to.
      return (expr.name === 'info' ? expr.args.slice(0, 1) : expr.args).flatMap((arg) =>
        wantedBy(arg, steps, times, expr.name),
      );
    case 'number':
    case 'string':
    case 'aggregate':
    case 'binary':
    case 'unary':
    case 'paren':
      return childrenOf(expr).flatMap((child) =>
        wantedBy(child, steps, times, expr.kind === 'paren' ? call : undefined),
      );
  }
}

function wanted(
  selector: VectorSelector,
  steps: Steps,
  times: QueryTimes,
  { rangeMs, call }: Pick<SelectHints, 'rangeMs' | 'call'>,
): Wanted {
  const look = lookAt(selector, steps, times);
  return {
    selector,
    matchers: selector.matchers,
    // The window is open at its left.
    from: look(0) - (rangeMs ?? times.lookBackMs) + 1,
    to: look(Math.max(0, steps.count - 1)),
    hints: { stepMs: steps.count > 1 && lastTime(steps) !== steps.start ? steps.stepMs : 0, rangeMs, call },
  };
}

const dependOnTime = new Set(['time', 'timestamp', 'predict_linear']);
const calendar = /^(?:minute|hour|day_of_week|day_of_month|day_of_year|days_in_month|month|year)$/u;

/** Expressions with the same value at every step: they are evaluated once. */
export function invariantParts(expr: Expr): ReadonlySet<Expr> {
  const found = new Set<Expr>();
  const visit = (node: Expr): boolean => {
    // All children are visited, whatever the first of them says.
    const children = childrenOf(node).map(visit);
    const invariant = isInvariant(node, children.every(Boolean));
    if (invariant) found.add(node);
    return invariant;
  };
  visit(expr);
  return found;
}

function isInvariant(node: Expr, childrenAre: boolean): boolean {
  switch (node.kind) {
    case 'selector':
    case 'subquery':
      return node.at !== undefined;
    case 'call':
      if (dependOnTime.has(node.name) || (calendar.test(node.name) && node.args.length === 0)) return false;
      return childrenAre;
    case 'number':
    case 'string':
    case 'matrix':
    case 'aggregate':
    case 'binary':
    case 'unary':
    case 'paren':
      return childrenAre;
  }
}

/** Whether `timestamp` of it is that of the samples themselves. */
export function plainSelector(expr: Expr | undefined): VectorSelector | undefined {
  const inner = expr === undefined ? undefined : unwrap(expr);
  return inner?.kind === 'selector' ? inner : undefined;
}
