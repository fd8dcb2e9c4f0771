import type { Expr, Matcher } from './ast.ts';
import { checkTypes } from './check-types.ts';
import { QueryError } from './query-error.ts';
import { parseMetricSelector, parseTree } from './parser.ts';

/** Longest query, characters. */
const maxLength = 100_000;

/**
 * A query's text to its tree, syntax and types checked.
 *
 * @throws {QueryError} `query/parse`: `1:5: parse error: …`
 */
export function parseQuery(text: string): Expr {
  const expr = parseTree(checkedLength(text));
  checkTypes(text, expr);
  return expr;
}

/**
 * A selector alone, without range, offset or `@`: what `match[]` and alert rules take.
 *
 * @throws {QueryError} `query/parse`
 */
export function parseSelector(text: string): readonly Matcher[] {
  const matchers = parseMetricSelector(checkedLength(text));
  checkTypes(text, { kind: 'selector', name: undefined, matchers, span: { start: 0, end: text.length } });
  return matchers;
}

function checkedLength(text: string): string {
  if (text.length <= maxLength) return text;
  throw new QueryError('query/parse', `1:1: parse error: expected at most ${maxLength} characters, got ${text.length}`);
}
