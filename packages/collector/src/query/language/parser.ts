/**
 * Text to tree, by precedence climbing. Words such as `sum`, `by` or `offset` are names wherever a name is expected,
 * as in Prometheus.
 */
import {
  aggregationNames,
  isComparison,
  isSetOperator,
  type AggregationName,
  type At,
  type Binary,
  type BinaryOperator,
  type Expr,
  type Grouping,
  type Matcher,
  type Matching,
  type NumberLiteral,
  type Shift,
  type VectorSelector,
} from './ast.ts';
import type { Duration } from './duration.ts';
import { DurationParser } from './duration-parser.ts';
import { parseNumber } from './number.ts';
import { parseError } from './query-error.ts';
import { isFunctionName } from './signatures.ts';
import { isName, quote } from './text.ts';
import { TokenReader } from './token-reader.ts';

/** Deepest nesting: each level is a few calls of the parser, and later of the evaluator. */
const maxDepth = 200;
/** Longest chain of operators, or of brackets after each other: it is a tree as deep. */
const maxChain = 1_000;

const precedence: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<=': 3,
  '<': 3,
  '>=': 3,
  '>': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};
const unaryPrecedence = 5;

/** @throws {QueryError} `query/parse` with line and column; types are not looked at: see `checkTypes` */
export function parseTree(text: string): Expr {
  const parser = new Parser(text);
  const expr = parser.expression(0);
  parser.expectEnd();
  return expr;
}

/** A series selector alone, as `match[]` takes it. */
export function parseMetricSelector(text: string): readonly Matcher[] {
  const parser = new Parser(text);
  const selector = parser.selector();
  parser.expectEnd();
  return selector.matchers;
}

class Parser extends TokenReader {
  #depth = 0;
  readonly #durations: DurationParser;

  constructor(text: string) {
    super(text);
    this.#durations = new DurationParser(this);
  }

  expression(least: number): Expr {
    if (++this.#depth > maxDepth) throw this.error(`expected at most ${maxDepth} levels of nesting`);
    let left = this.#unary();
    let chain = 0;
    for (let op = this.#binaryOperator(); op !== undefined && precedence[op] >= least; op = this.#binaryOperator()) {
      if (++chain > maxChain) throw this.error(`expected at most ${maxChain} operators in a row`);
      left = this.#binary(left, op);
    }
    this.#depth--;
    return left;
  }

  selector(): VectorSelector {
    const { start } = this.current.span;
    if (this.current.kind === 'identifier') return this.#selectorRest(this.next().text, start);
    if (this.current.text !== '{') throw this.unexpected('', 'a metric name or "{"');
    return this.#selectorRest(undefined, start);
  }

  expectEnd(): void {
    if (this.current.text === ')') throw this.unexpected('');
    if (this.current.kind !== 'end') throw this.unexpected('');
  }

  #binaryOperator(): BinaryOperator | undefined {
    const { kind, text } = this.current;
    if (kind !== 'sign' && kind !== 'identifier') return undefined;
    const word = text.toLowerCase();
    return Object.hasOwn(precedence, word) ? (word as BinaryOperator) : undefined;
  }

  #unary(): Expr {
    const { text, span, kind } = this.current;
    if (kind !== 'sign' || (text !== '+' && text !== '-')) return this.#postfix(this.#primary());
    this.next();
    const of = this.expression(unaryPrecedence + 1);
    const whole = { start: span.start, end: of.span.end };
    // A sign before a number is part of it.
    if (of.kind === 'number') return { ...of, value: text === '-' ? -of.value : of.value, span: whole };
    return { kind: 'unary', op: text, of, span: whole };
  }

  #binary(left: Expr, op: BinaryOperator): Expr {
    this.next();
    const bool = this.takeWord('bool');
    if (bool && !isComparison(op)) throw this.error('bool modifier can only be used on comparison operators', -1);
    const matching = this.#matching(op);
    // Only the power operator groups to the right.
    const right = this.expression(precedence[op] + (op === '^' ? 0 : 1));
    const binary: Binary = {
      kind: 'binary',
      op,
      left,
      right,
      bool,
      matching,
      span: { start: left.span.start, end: right.span.end },
    };
    return binary;
  }

  #matching(op: BinaryOperator): Matching {
    const on = this.takeWord('on');
    const labels = on || this.takeWord('ignoring') ? this.#labelList() : undefined;
    let cardinality: Matching['cardinality'] = isSetOperator(op) ? 'many-to-many' : 'one-to-one';
    let include: readonly string[] = [];
    for (const [word, meant] of [
      ['group_left', 'many-to-one'],
      ['group_right', 'one-to-many'],
    ] as const) {
      if (labels === undefined || !this.isWord(word)) continue;
      if (isSetOperator(op)) throw this.error(`no grouping allowed for ${JSON.stringify(op)} operation`);
      this.next();
      cardinality = meant;
      if (this.current.text === '(') include = this.#labelList();
    }
    for (const label of include) {
      if (on && labels?.includes(label) === true) {
        throw this.error(`label ${quote(label)} must not occur in ON and GROUP clause at once`, -1);
      }
    }
    return { on, labels: labels ?? [], cardinality, include, ...this.#fills(op) };
  }

  #fills(op: BinaryOperator): Pick<Matching, 'fillLeft' | 'fillRight'> {
    let fills: Pick<Matching, 'fillLeft' | 'fillRight'> = {};
    for (const word of ['fill', 'fill_left', 'fill_right', 'fill'] as const) {
      if (!this.isWord(word) || this.peek().text !== '(') continue;
      if (isSetOperator(op)) throw this.error(`no fill allowed for ${JSON.stringify(op)} operation`);
      this.next();
      this.expect('(', 'fill modifier');
      const negative = this.take('-');
      if (!negative) this.take('+');
      const value = (negative ? -1 : 1) * this.#number().value;
      this.expect(')', 'fill modifier');
      if (word !== 'fill_right') fills = { ...fills, fillLeft: value };
      if (word !== 'fill_left') fills = { ...fills, fillRight: value };
    }
    return fills;
  }

  #primary(): Expr {
    const token = this.current;
    switch (token.kind) {
      case 'number':
      case 'duration':
        return this.#number();
      case 'string':
        return { kind: 'string', value: this.string(), span: token.span };
      case 'identifier':
        return this.#named();
      case 'sign':
        if (token.text === '(') {
          this.next();
          const of = this.expression(0);
          if (this.current.kind === 'end') throw this.error('unclosed left parenthesis');
          const end = this.expect(')', 'parenthesized expression').span.end;
          return { kind: 'paren', of, span: { start: token.span.start, end } };
        }
        if (token.text === '{') return this.selector();
        throw this.unexpected('');
      case 'end':
        if (token.span.start === 0 || this.first.kind === 'end') throw this.error('no expression found in input');
        throw this.unexpected('');
    }
  }

  #number(): NumberLiteral {
    const { kind, text, span } = this.current;
    if (kind === 'duration') {
      return { kind: 'number', value: this.#durations.literalMs() / 1000, isDuration: true, span };
    }
    const value = kind === 'number' ? parseNumber(text) : undefined;
    if (value === undefined) {
      throw kind === 'number' ? this.error(`bad number: ${JSON.stringify(text)}`) : this.unexpected('', 'a number');
    }
    this.next();
    return { kind: 'number', value, isDuration: false, span };
  }

  /** A call, an aggregation or a selector: what follows the word decides. */
  #named(): Expr {
    const { text, span } = this.current;
    const after = this.peek();
    const word = text.toLowerCase();
    const aggregation = aggregationNames.find((name) => name === word);
    const grouped = after.kind === 'identifier' && /^(?:by|without)$/iu.test(after.text);
    if (aggregation !== undefined && (after.text === '(' || grouped)) {
      this.next();
      return this.#aggregate(aggregation, span.start);
    }
    if (after.text !== '(') return this.selector();
    this.next();
    if (!isFunctionName(text)) throw this.error(`unknown function with name ${JSON.stringify(text)}`, -1);
    const { args, end } = this.#arguments('function call');
    return { kind: 'call', name: text, args, span: { start: span.start, end } };
  }

  #arguments(what: string): { readonly args: readonly Expr[]; readonly end: number } {
    this.expect('(', what);
    const args: Expr[] = [];
    if (this.current.text !== ')' || this.current.kind !== 'sign') {
      do {
        if (args.length > 0 && this.current.text === ')')
          throw this.error('trailing commas not allowed in function call args');
        args.push(this.expression(0));
      } while (this.take(','));
    }
    if (this.current.kind === 'end') throw this.error('unclosed left parenthesis');
    return { args, end: this.expect(')', what, '"," or ")"').span.end };
  }

  #aggregate(op: AggregationName, start: number): Expr {
    const before = this.#grouping();
    const { args, end } = this.#arguments('aggregation');
    const after = before === undefined ? this.#grouping() : undefined;
    const takesParameter = /^(?:topk|bottomk|quantile|count_values|limitk|limit_ratio)$/u.test(op);
    const expected = takesParameter ? 2 : 1;
    const span = { start, end: after === undefined ? end : this.previousEnd };
    const of = args.at(-1);
    if (args.length !== expected || of === undefined) {
      throw args.length === 0
        ? parseError(this.text, span, 'no arguments for aggregate expression provided')
        : parseError(
            this.text,
            span,
            `wrong number of arguments for aggregate expression provided, expected ${expected}, got ${args.length}`,
          );
    }
    return {
      kind: 'aggregate',
      op,
      of,
      parameter: takesParameter ? args[0] : undefined,
      grouping: before ?? after ?? { without: false, labels: [] },
      span,
    };
  }

  #grouping(): Grouping | undefined {
    const without = this.takeWord('without');
    return without || this.takeWord('by') ? { without, labels: this.#labelList() } : undefined;
  }

  #labelList(): readonly string[] {
    this.expect('(', 'grouping opts');
    const labels: string[] = [];
    while (!this.take(')')) {
      const { kind, text } = this.current;
      if (kind !== 'identifier' && kind !== 'string') throw this.unexpected('grouping opts', 'label');
      const label = kind === 'string' ? this.string() : this.next().text;
      if (!isName(label) || (kind === 'identifier' && text.includes(':'))) {
        throw this.error(`unexpected ${quote(label)} in grouping opts, expected label`, -1);
      }
      labels.push(label);
      if (!this.take(',') && this.current.text !== ')') throw this.unexpected('grouping opts', '"," or ")"');
    }
    return labels;
  }

  #selectorRest(name: string | undefined, start: number): VectorSelector {
    let known = name;
    const matchers: Matcher[] = [];
    if (this.take('{')) {
      while (!this.take('}')) {
        const matcher = this.#matcher();
        if (matcher === undefined) {
          const quoted = this.string();
          if (known !== undefined) {
            throw this.error(`metric name must not be set twice: ${quote(known)} or ${quote(quoted)}`, -1);
          }
          known = quoted;
        } else matchers.push(matcher);
        if (!this.take(',') && this.current.text !== '}') throw this.unexpected('label matching', '"," or "}"');
      }
    }
    const span = { start, end: this.previousEnd };
    if (known !== undefined) {
      if (!isName(known)) throw parseError(this.text, span, `invalid metric name ${quote(known)}`);
      const twice = matchers.find(({ label }) => label === '__name__');
      if (twice !== undefined && name !== undefined) {
        throw parseError(
          this.text,
          span,
          `metric name must not be set twice: ${quote(known)} or ${quote(twice.value)}`,
        );
      }
      matchers.push({ label: '__name__', op: '=', value: known });
    }
    return { kind: 'selector', name: known, matchers, span };
  }

  /** @returns undefined before a quoted metric name */
  #matcher(): Matcher | undefined {
    const { kind } = this.current;
    if (kind !== 'identifier' && kind !== 'string') throw this.unexpected('label matching', 'identifier or "}"');
    if (kind === 'string' && /^[,}]$/u.test(this.peek().text)) return undefined;
    const label = kind === 'string' ? this.string() : this.next().text;
    if (!isName(label)) throw this.error(`invalid label name ${quote(label)}`, -1);
    const op = (['=', '!=', '=~', '!~'] as const).find((operator) => this.current.text === operator);
    if (op === undefined) throw this.unexpected('label matching', 'one of "=", "!=", "=~" or "!~"');
    this.next();
    if (this.current.kind !== 'string') throw this.unexpected('label matching', 'string');
    return { label, op, value: this.string() };
  }

  /** Ranges, subqueries, `offset` and `@` after an expression. */
  #postfix(primary: Expr): Expr {
    let expr = primary;
    for (let chain = 0; ; chain++) {
      if (chain > maxChain) throw this.error(`expected at most ${maxChain} brackets in a row`);
      if (this.current.text === '[') expr = this.#range(expr);
      else if (this.isWord('offset')) {
        this.next();
        expr = this.#shift(expr, { offset: this.#durations.offset() }, 'offset');
      } else if (this.current.text === '@') {
        this.next();
        expr = this.#shift(expr, { at: this.#at() }, '@');
      } else return expr;
    }
  }

  #range(of: Expr): Expr {
    this.expect('[', 'range');
    const range = this.#durations.positive();
    if (this.take(':')) {
      const step: Duration | undefined = this.current.text === ']' ? undefined : this.#durations.positive();
      const end = this.expect(']', 'subquery selector').span.end;
      return {
        kind: 'subquery',
        of,
        range,
        ...(step === undefined ? {} : { step }),
        span: { start: of.span.start, end },
      };
    }
    const end = this.expect(']', 'subquery or range selector', '":" or "]"').span.end;
    const span = { start: of.span.start, end };
    if (of.kind !== 'selector') throw parseError(this.text, of.span, 'ranges only allowed for vector selectors');
    if (of.offset !== undefined) {
      throw parseError(this.text, of.span, 'no offset modifiers allowed before range');
    }
    if (of.at !== undefined) throw parseError(this.text, of.span, 'no @ modifiers allowed before range');
    return { kind: 'matrix', selector: of, range, span };
  }

  #shift(expr: Expr, shift: Shift, what: 'offset' | '@'): Expr {
    const span = { start: expr.span.start, end: this.previousEnd };
    const target = expr.kind === 'matrix' ? expr.selector : expr;
    if (target.kind !== 'selector' && target.kind !== 'subquery') {
      throw parseError(
        this.text,
        expr.span,
        `${what} modifier must be preceded by an instant vector selector or range vector selector or a subquery`,
      );
    }
    if (what === 'offset' ? target.offset !== undefined : target.at !== undefined) {
      const once =
        what === 'offset' ? 'offset may not be set multiple times' : '@ <timestamp> may not be set multiple times';
      throw parseError(this.text, expr.span, once);
    }
    if (expr.kind === 'matrix') return { ...expr, selector: { ...expr.selector, ...shift }, span };
    if (expr.kind === 'selector' || expr.kind === 'subquery') return { ...expr, ...shift, span };
    return expr;
  }

  #at(): At {
    for (const kind of ['start', 'end'] as const) {
      if (!this.isWord(kind)) continue;
      this.next();
      this.expect('(', '@');
      this.expect(')', '@');
      return { kind };
    }
    const negative = this.take('-');
    if (!negative) this.take('+');
    const { value, span } = this.#number();
    if (!Number.isFinite(value) || Math.abs(value) > 9.2e15) {
      throw parseError(this.text, span, `timestamp out of bounds for @ modifier: ${value}`);
    }
    return { kind: 'time', ms: Math.round((negative ? -value : value) * 1000) };
  }
}
