/** A tree back to text: on one line, or as `format_query` lays it out. */
import type { Aggregate, Binary, Expr, Grouping, Matcher, Matching, Shift } from './ast.ts';
import { formatDuration, type Duration } from './duration.ts';
import { formatValue } from './number.ts';
import { isPlainLabelName, isPlainMetricName, quote } from './text.ts';

/** What is longer is laid out over several lines, characters. */
const maxLine = 100;
const indentation = '  ';

export function printQuery(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.isDuration ? formatDuration(expr.value * 1000) : formatValue(expr.value);
    case 'string':
      return quote(expr.value);
    case 'selector':
      return `${printSelector(expr)}${printShift(expr)}`;
    case 'matrix':
      return `${printSelector(expr.selector)}[${printDuration(expr.range)}]${printShift(expr.selector)}`;
    case 'subquery':
      return printQuery(expr.of) + printSubquery(expr);
    case 'call':
      return `${expr.name}(${expr.args.map(printQuery).join(', ')})`;
    case 'aggregate':
      return `${aggregateHead(expr)}(${aggregateArgs(expr).map(printQuery).join(', ')})`;
    case 'binary':
      return `${printQuery(expr.left)} ${operatorOf(expr)} ${printQuery(expr.right)}`;
    case 'unary':
      return expr.op + printQuery(expr.of);
    case 'paren':
      return `(${printQuery(expr.of)})`;
  }
}

/** @param level  how deep it stands */
export function layOutQuery(expr: Expr, level = 0): string {
  const indent = indentation.repeat(level);
  const line = printQuery(expr);
  if (line.length <= maxLine) return indent + line;
  const inner = (part: Expr): string => layOutQuery(part, level + 1);
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
    case 'matrix':
      return indent + line;
    case 'subquery':
      return layOutQuery(expr.of, level) + printSubquery(expr);
    case 'call':
      return `${indent}${expr.name}(\n${expr.args.map(inner).join(',\n')}\n${indent})`;
    case 'aggregate':
      return `${indent}${aggregateHead(expr)}(\n${aggregateArgs(expr).map(inner).join(',\n')}\n${indent})`;
    case 'binary':
      return `${inner(expr.left)}\n${indent}${operatorOf(expr)}\n${inner(expr.right)}`;
    case 'unary':
      return indent + expr.op + layOutQuery(expr.of, level).trimStart();
    case 'paren':
      return `${indent}(\n${inner(expr.of)}\n${indent})`;
  }
}

function printSelector({
  name,
  matchers,
}: {
  readonly name: string | undefined;
  readonly matchers: readonly Matcher[];
}): string {
  const plain = name !== undefined && isPlainMetricName(name);
  const parts = matchers
    .filter(({ label, op, value }) => label !== '__name__' || op !== '=' || value !== name)
    .map(({ label, op, value }) => `${isPlainLabelName(label) ? label : quote(label)}${op}${quote(value)}`);
  if (name !== undefined && !plain) parts.unshift(quote(name));
  return `${plain ? name : ''}${parts.length > 0 ? `{${parts.join(',')}}` : ''}`;
}

function printShift({ at, offset }: Shift): string {
  const when = at === undefined ? '' : ` @ ${at.kind === 'time' ? (at.ms / 1000).toFixed(3) : `${at.kind}()`}`;
  return when + (offset === undefined ? '' : ` offset ${printDuration(offset)}`);
}

function printSubquery(expr: Shift & { readonly range: Duration; readonly step?: Duration }): string {
  return `[${printDuration(expr.range)}:${expr.step === undefined ? '' : printDuration(expr.step)}]${printShift(expr)}`;
}

function printDuration(duration: Duration): string {
  switch (duration.kind) {
    case 'ms':
      return formatDuration(duration.ms);
    case 'step':
    case 'range':
      return `${duration.kind}()`;
    case 'negative':
      return `-${printDuration(duration.of)}`;
    case 'paren':
      return `(${printDuration(duration.of)})`;
    case 'binary': {
      const [left, right] = [printDuration(duration.left), printDuration(duration.right)];
      const isCall = duration.op === 'min_of' || duration.op === 'max_of';
      return isCall ? `${duration.op}(${left}, ${right})` : `${left} ${duration.op} ${right}`;
    }
  }
}

function aggregateArgs({ parameter, of }: Aggregate): readonly Expr[] {
  return parameter === undefined ? [of] : [parameter, of];
}

function aggregateHead({ op, grouping }: Aggregate): string {
  return op + printGrouping(grouping);
}

function printGrouping({ without, labels }: Grouping): string {
  if (!without && labels.length === 0) return '';
  return ` ${without ? 'without' : 'by'} (${printLabels(labels)}) `;
}

function operatorOf({ op, bool, matching }: Binary): string {
  return op + (bool ? ' bool' : '') + printMatching(matching);
}

function printMatching({ on, labels, cardinality, include, fillLeft, fillRight }: Matching): string {
  let text = on || labels.length > 0 ? ` ${on ? 'on' : 'ignoring'} (${printLabels(labels)})` : '';
  if (cardinality === 'many-to-one' || cardinality === 'one-to-many') {
    text += ` group_${cardinality === 'many-to-one' ? 'left' : 'right'} (${printLabels(include)})`;
  }
  if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) return `${text} fill (${formatValue(fillLeft)})`;
  if (fillLeft !== undefined) text += ` fill_left (${formatValue(fillLeft)})`;
  if (fillRight !== undefined) text += ` fill_right (${formatValue(fillRight)})`;
  return text;
}

function printLabels(labels: readonly string[]): string {
  return labels.map((label) => (isPlainLabelName(label) ? label : quote(label))).join(', ');
}
