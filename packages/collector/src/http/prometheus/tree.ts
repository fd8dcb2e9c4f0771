/** A query's tree as Prometheus's page gets it from `parse_query`. */
import type { Expr, Matcher, Matching, Shift } from '../../query/language/ast.ts';
import { typeOf } from '../../query/language/check-types.ts';
import { durationMs, type Duration } from '../../query/language/duration.ts';
import { formatValue } from '../../query/language/number.ts';
import { isFunctionName, signatureOf } from '../../query/language/signatures.ts';

export function toTree(expr: Expr): object {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatValue(expr.value) };
    case 'string':
      return { type: 'stringLiteral', val: expr.value };
    case 'selector':
      return { type: 'vectorSelector', name: expr.name ?? '', ...shiftOf(expr), matchers: matchersOf(expr.matchers) };
    case 'matrix': {
      const { name = '', matchers } = expr.selector;
      const selector = { name, ...shiftOf(expr.selector), matchers: matchersOf(matchers) };
      return { type: 'matrixSelector', ...selector, range: lengthOf(expr.range) };
    }
    case 'subquery': {
      const [range, step] = [lengthOf(expr.range), expr.step === undefined ? 0 : lengthOf(expr.step)];
      return { type: 'subquery', expr: toTree(expr.of), range, step, ...shiftOf(expr) };
    }
    case 'call':
      return { type: 'call', func: functionOf(expr.name), args: expr.args.map(toTree) };
    case 'aggregate': {
      const { op, of, parameter, grouping } = expr;
      const param = parameter === undefined ? null : toTree(parameter);
      return {
        type: 'aggregation',
        op,
        expr: toTree(of),
        param,
        grouping: grouping.labels,
        without: grouping.without,
      };
    }
    case 'binary': {
      const { op, left, right, bool } = expr;
      const matching = typeOf(left) === 'vector' && typeOf(right) === 'vector' ? matchingOf(expr.matching) : null;
      return { type: 'binaryExpr', op, lhs: toTree(left), rhs: toTree(right), matching, bool };
    }
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: toTree(expr.of) };
    case 'paren':
      return { type: 'parenExpr', expr: toTree(expr.of) };
  }
}

function shiftOf({ at, offset }: Shift): object {
  return {
    offset: offset === undefined ? 0 : lengthOf(offset),
    timestamp: at?.kind === 'time' ? at.ms : null,
    startOrEnd: at === undefined || at.kind === 'time' ? null : at.kind,
  };
}

/** In ms; what depends on the query's step and range is as of an instant query. */
function lengthOf(duration: Duration): number {
  return durationMs(duration, { stepMs: 0, rangeMs: 0 });
}

function matchersOf(matchers: readonly Matcher[]): readonly object[] {
  return matchers.map(({ label, op, value }) => ({ name: label, value, type: op }));
}

function matchingOf({ cardinality, labels, on, include, fillLeft, fillRight }: Matching): object {
  const fillValues = { lhs: fillLeft ?? null, rhs: fillRight ?? null };
  return { card: cardinality, labels, on, include, fillValues };
}

function functionOf(name: string): object {
  if (!isFunctionName(name)) throw new TypeError(`${name} is no function`);
  const { args, optional = 0, repeats = false, returns } = signatureOf(name);
  return { name, argTypes: args, variadic: repeats ? -1 : optional, returnType: returns };
}
