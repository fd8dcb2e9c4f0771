/** What an alert was seen in, as a query that can be drawn, and against which bound. */
import { seriesSignature, type Alert, type AnomalyEvent, type Labels, type SeriesIdentity } from '@tarsier/protocol';
import type { IncidentChart, Rule } from '@tarsier/protocol/api';
import type { Binary, Expr, VectorSelector } from '../../query/language/ast.ts';
import { parseQuery } from '../../query/language/parse.ts';
import { printQuery } from '../../query/language/print.ts';
import { compileMatchers } from '../../query/selector.ts';
import type { AlertingRule } from '../groups/rule-group.ts';

export interface AlertCondition {
  /** Undefined: there is nothing to draw. */
  readonly query: string | undefined;
  readonly threshold?: NonNullable<IncidentChart['threshold']>;
  /** How long it had to hold before the alert fired. */
  readonly forMs: number;
  /** The metric whose unit the values have; empty where they have none. */
  readonly unitOf: string;
}

type Threshold = NonNullable<IncidentChart['threshold']>;

/** So much of the past makes a rate. */
const rateOver = '1m';

/** Of an alert whose rule is gone, or says no more: the series it is about. */
export function seriesCondition({ metric, labels }: Pick<Alert, 'metric' | 'labels'>): AlertCondition {
  const query = metric === '' ? undefined : seriesSignature({ name: metric, labels });
  return { query, forMs: 0, unitOf: metric };
}

export function ruleCondition(alert: Alert, rule: Rule): AlertCondition {
  const { metric, labels } = alert;
  switch (rule.kind) {
    case 'threshold': {
      const series = seriesSignature({ name: metric, labels });
      const isRate = rule.reduce === 'rate';
      return {
        query: isRate ? `rate(${series}[${rateOver}])` : series,
        threshold: { op: rule.op, value: rule.value },
        forMs: rule.forMs,
        unitOf: isRate ? '' : metric,
      };
    }
    case 'expression':
      return expressionCondition(rule);
    case 'forecast': {
      const { query, unitOf } =
        metric === '' ? expressionCondition({ ...rule, expr: rule.selector }) : seriesCondition(alert);
      return { query, threshold: { op: rule.op, value: rule.limit }, forMs: rule.forMs, unitOf };
    }
    case 'no-data':
      if (rule.of === 'series') return { ...seriesCondition(alert), forMs: rule.forMs };
      // That nothing comes is seen in how many series there are.
      return {
        query: `count(${seriesSignature({ name: '', labels: { host: alert.host } })})`,
        forMs: rule.forMs,
        unitOf: '',
      };
    default:
      return { ...seriesCondition(alert), forMs: rule.forMs };
  }
}

/** An event is of many series: the one that shows most of it. */
export function eventCondition({ contributors }: AnomalyEvent, isCounter: boolean): AlertCondition {
  const [strongest] = contributors;
  if (strongest === undefined) return { query: undefined, forMs: 0, unitOf: '' };
  const { metric, labels } = strongest;
  const series = seriesSignature({ name: metric, labels });
  return isCounter
    ? { query: `rate(${series}[${rateOver}])`, forMs: 0, unitOf: '' }
    : { query: series, forMs: 0, unitOf: metric };
}

/** An expression of a rule file without its outermost comparison with a number, of the alert's own labels only. */
export function expressionCondition({ expr, forMs }: Pick<AlertingRule, 'expr' | 'forMs'>): AlertCondition {
  const { of, threshold } = withoutBound(parseQuery(expr));
  const unitOf = of.kind === 'selector' ? (of.name ?? '') : '';
  return { query: printQuery(of), ...(threshold === undefined ? {} : { threshold }), forMs, unitOf };
}

/** Whether a series of a condition's query is the alert's: an alert has all of its labels, and some of its rule's. */
export function isSeriesOf({ labels }: Pick<Alert, 'labels'>, series: Labels): boolean {
  return Object.entries(series).every(([name, value]) => name === '__name__' || labels[name] === value);
}

/** A test of series: whether the alert is about one. */
export function isAbout(alert: Alert, { query }: AlertCondition): (series: SeriesIdentity) => boolean {
  const expr = query === undefined ? undefined : parseQuery(query);
  const selectors = expr === undefined ? [] : selectorsOf(expr);
  const tests = selectors.map(({ matchers }) => compileMatchers(matchers));
  return (series) =>
    alert.metric === series.name
      ? Object.entries(alert.labels).every(([label, value]) => series.labels[label] === value)
      : tests.some((matches) => matches(series));
}

function selectorsOf(expr: Expr): readonly VectorSelector[] {
  switch (expr.kind) {
    case 'selector':
      return [expr];
    case 'matrix':
      return selectorsOf(expr.selector);
    case 'subquery':
    case 'aggregate':
    case 'unary':
    case 'paren':
      return selectorsOf(expr.of);
    case 'call':
      return expr.args.flatMap(selectorsOf);
    case 'binary':
      return [...selectorsOf(expr.left), ...selectorsOf(expr.right)];
    case 'number':
    case 'string':
      return [];
  }
}

function withoutBound(expr: Expr): { readonly of: Expr; readonly threshold?: Threshold } {
  if (expr.kind === 'paren') return withoutBound(expr.of);
  if (expr.kind !== 'binary') return { of: expr };
  if (expr.op === 'and' || expr.op === 'unless') return withoutBound(expr.left);
  return comparison(expr) ?? { of: expr };
}

const flipped = { '>': '<', '>=': '<=', '<': '>', '<=': '>=' } as const;

function comparison({ op, left, right, bool }: Binary): ReturnType<typeof withoutBound> | undefined {
  if (bool) return undefined;
  const isOrder = op === '>' || op === '>=' || op === '<' || op === '<=';
  if (!isOrder) return op === '==' || op === '!=' ? { of: left } : undefined;
  const [a, b] = [numberOf(left), numberOf(right)];
  if (b !== undefined) return { of: left, threshold: { op, value: b } };
  if (a !== undefined) return { of: right, threshold: { op: flipped[op], value: a } };
  return { of: left };
}

function numberOf(expr: Expr): number | undefined {
  if (expr.kind === 'number') return expr.value;
  if (expr.kind === 'paren') return numberOf(expr.of);
  if (expr.kind !== 'unary') return undefined;
  const value = numberOf(expr.of);
  return value === undefined || expr.op === '+' ? value : -value;
}
