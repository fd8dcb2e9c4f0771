import {
  childrenOf,
  isComparison,
  isSetOperator,
  isTrim,
  unwrap,
  type Aggregate,
  type Binary,
  type Call,
  type Expr,
  type Subquery,
  type Unary,
  type ValueType,
  type VectorSelector,
} from './ast.ts';
import { parseError, type QueryError, type Span } from './query-error.ts';
import { isFunctionName, signatureOf } from './signatures.ts';
import { compilePattern } from '../pattern/pattern.ts';

/** As Prometheus names them in messages. */
const typeNames: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  string: 'string',
  vector: 'instant vector',
  matrix: 'range vector',
};

/** What an expression evaluates to. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregate':
      return 'vector';
    case 'matrix':
    case 'subquery':
      return 'matrix';
    case 'call':
      return isFunctionName(expr.name) ? signatureOf(expr.name).returns : 'vector';
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector';
    case 'unary':
    case 'paren':
      return typeOf(expr.of);
  }
}

/**
 * @param text  of the whole query, for the positions
 * @throws {QueryError} `query/parse` at the first operand or argument that does not fit, a selector that matches
 *   everything, a bad regular expression
 */
export function checkTypes(text: string, expr: Expr): void {
  const fail = ({ span }: { readonly span: Span }, what: string): QueryError => parseError(text, span, what);
  const expectType = (part: Expr, wanted: ValueType, context: string): void => {
    const got = typeOf(part);
    if (got === wanted) return;
    throw fail(part, `expected type ${typeNames[wanted]} in ${context}, got ${typeNames[got]}`);
  };

  const checks = {
    selector(node: VectorSelector): void {
      let selective = false;
      for (const { op, value } of node.matchers) {
        let matchesEmpty = (op === '=') === (value === '');
        if (op === '=~' || op === '!~') {
          try {
            matchesEmpty = compilePattern(value).matches('') === (op === '=~');
          } catch (error) {
            if (error instanceof Error) throw fail(node, error.message);
            throw error;
          }
        }
        selective ||= !matchesEmpty;
      }
      if (!selective) throw fail(node, 'vector selector must contain at least one non-empty matcher');
    },
    aggregate(node: Aggregate): void {
      expectType(node.of, 'vector', 'aggregation expression');
      if (node.parameter === undefined) return;
      expectType(node.parameter, node.op === 'count_values' ? 'string' : 'scalar', `aggregation parameter`);
    },
    binary(node: Binary): void {
      const [left, right] = [typeOf(node.left), typeOf(node.right)];
      for (const side of [node.left, node.right]) {
        const type = typeOf(side);
        if (type !== 'scalar' && type !== 'vector') {
          throw fail(side, 'binary expression must contain only scalar and instant vector types');
        }
      }
      if (isComparison(node.op) && !node.bool && left === 'scalar' && right === 'scalar') {
        throw fail(node, 'comparisons between scalars must use BOOL modifier');
      }
      if (isTrim(node.op) && left === 'scalar' && right === 'scalar') {
        throw fail(node, `operator ${JSON.stringify(node.op)} not allowed between scalars`);
      }
      if (left === 'vector' && right === 'vector') return;
      const { matching } = node;
      if (matching.on || matching.labels.length > 0) {
        throw fail(node, 'vector matching only allowed between instant vectors');
      }
      if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
        throw fail(node, 'filling in missing series only allowed between instant vectors');
      }
      if (isSetOperator(node.op))
        throw fail(node, `set operator ${JSON.stringify(node.op)} not allowed in binary scalar expression`);
    },
    call(node: Call): void {
      if (!isFunctionName(node.name)) return;
      const { args, optional = 0, repeats = false } = signatureOf(node.name);
      const least = args.length - (repeats ? 1 : optional);
      const most = repeats ? Infinity : args.length;
      const got = node.args.length;
      if (got < least || got > most) {
        const bound = least === most ? '' : got < least ? 'at least ' : 'at most ';
        throw fail(
          node,
          `expected ${bound}${got < least ? least : most} argument(s) in call to ${JSON.stringify(node.name)}, got ${got}`,
        );
      }
      for (const [index, arg] of node.args.entries()) {
        const wanted = args[Math.min(index, args.length - 1)];
        if (wanted !== undefined) expectType(arg, wanted, `call to function ${JSON.stringify(node.name)}`);
      }
      if (node.name !== 'info' || node.args[1] === undefined) return;
      if (unwrap(node.args[1]).kind !== 'selector') {
        throw fail(node.args[1], 'expected label selectors only in call to function "info"');
      }
    },
    subquery(node: Subquery): void {
      const type = typeOf(node.of);
      if (type !== 'vector') {
        throw fail(node, `subquery is only allowed on instant vector, got ${typeNames[type]} instead`);
      }
    },
    unary(node: Unary): void {
      const type = typeOf(node.of);
      if (type !== 'scalar' && type !== 'vector') {
        throw fail(
          node,
          `unary expression only allowed on expressions of type scalar or instant vector, got ${JSON.stringify(typeNames[type])}`,
        );
      }
    },
  };

  const visit = (node: Expr): void => {
    if (node.kind === 'call' && node.name === 'info') {
      // Its second argument names labels only, and may match all.
      for (const arg of node.args.slice(0, 1)) visit(arg);
    } else for (const child of childrenOf(node)) visit(child);
    switch (node.kind) {
      case 'selector':
        return checks.selector(node);
      case 'aggregate':
        return checks.aggregate(node);
      case 'binary':
        return checks.binary(node);
      case 'call':
        return checks.call(node);
      case 'subquery':
        return checks.subquery(node);
      case 'unary':
        return checks.unary(node);
      case 'matrix':
      case 'number':
      case 'string':
      case 'paren':
        return undefined;
    }
  };
  visit(expr);
}
