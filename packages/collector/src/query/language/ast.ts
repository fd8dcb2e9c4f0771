/** What a query is made of. Plain data; every node knows its place in the text. */
import type { Matcher } from '../../storage/series-catalog.ts';
import type { Duration } from './duration.ts';
import type { Span } from './query-error.ts';

export type { Matcher };

export type ValueType = 'scalar' | 'string' | 'vector' | 'matrix';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type ComparisonOperator = '==' | '!=' | '>' | '<' | '>=' | '<=';
export type SetOperator = 'and' | 'or' | 'unless';
/** Cut a native histogram at a value; there is nothing of a float to cut. */
export type TrimOperator = '</' | '>/';
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator | TrimOperator;

export const aggregationNames = [
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
] as const;
export type AggregationName = (typeof aggregationNames)[number];

/** Where a selector or subquery looks instead of at the time of each step. */
export type At = { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'start' | 'end' };

export interface NumberLiteral {
  readonly kind: 'number';
  readonly value: number;
  /** Written as a duration: `5m` is 300. */
  readonly isDuration: boolean;
  readonly span: Span;
}

export interface StringLiteral {
  readonly kind: 'string';
  readonly value: string;
  readonly span: Span;
}

/** What `offset` and `@` add to a selector or subquery. */
export interface Shift {
  readonly offset?: Duration;
  readonly at?: At;
}

export interface VectorSelector extends Shift {
  readonly kind: 'selector';
  /** As written before the braces, which also makes it a matcher. */
  readonly name: string | undefined;
  readonly matchers: readonly Matcher[];
  readonly span: Span;
}

export interface MatrixSelector {
  readonly kind: 'matrix';
  readonly selector: VectorSelector;
  readonly range: Duration;
  readonly span: Span;
}

export interface Subquery extends Shift {
  readonly kind: 'subquery';
  readonly of: Expr;
  readonly range: Duration;
  /** Absent: the engine's default. */
  readonly step?: Duration;
  readonly span: Span;
}

export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expr[];
  readonly span: Span;
}

export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

export interface Aggregate {
  readonly kind: 'aggregate';
  readonly op: AggregationName;
  readonly of: Expr;
  readonly parameter: Expr | undefined;
  readonly grouping: Grouping;
  readonly span: Span;
}

/** Which labels decide that two series belong together, and which side may have many of a kind. */
export interface Matching {
  readonly on: boolean;
  readonly labels: readonly string[];
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  /** Labels of the "one" side that the result gets. */
  readonly include: readonly string[];
  /** Values that stand for a series that is missing on that side. */
  readonly fillLeft?: number;
  readonly fillRight?: number;
}

export interface Binary {
  readonly kind: 'binary';
  readonly op: BinaryOperator;
  readonly left: Expr;
  readonly right: Expr;
  readonly bool: boolean;
  /** Only between two vectors. */
  readonly matching: Matching;
  readonly span: Span;
}

export interface Unary {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly of: Expr;
  readonly span: Span;
}

export interface Paren {
  readonly kind: 'paren';
  readonly of: Expr;
  readonly span: Span;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregate
  | Binary
  | Unary
  | Paren;

/** An expression without the parentheses around it. */
export function unwrap(expr: Expr): Exclude<Expr, Paren> {
  return expr.kind === 'paren' ? unwrap(expr.of) : expr;
}

export function isComparison(op: BinaryOperator): op is ComparisonOperator {
  return op === '==' || op === '!=' || op === '>' || op === '<' || op === '>=' || op === '<=';
}

export function isSetOperator(op: BinaryOperator): op is SetOperator {
  return op === 'and' || op === 'or' || op === 'unless';
}

export function isTrim(op: BinaryOperator): op is TrimOperator {
  return op === '</' || op === '>/';
}

/** The expressions directly inside another. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return [];
    case 'matrix':
      return [expr.selector];
    case 'call':
      return expr.args;
    case 'aggregate':
      return expr.parameter === undefined ? [expr.of] : [expr.parameter, expr.of];
    case 'binary':
      return [expr.left, expr.right];
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.of];
  }
}
