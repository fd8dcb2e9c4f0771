/** The functions of Go's templates and of Prometheus's (docs: configuration/template_reference). */
import { durationParameter } from '@tarsier/protocol/api';
import { RE2JS } from 're2js';
import { humanize, humanize1024, humanizeDuration, humanizePercentage, humanizeTimestamp } from './humanize.ts';
import { sprintf } from './printf.ts';
import { TemplateError } from './template-error.ts';
import { isList, isTrue, show, type Value } from './value.ts';

type TemplateFunction = (...values: readonly Value[]) => Value;

const compare =
  (holds: (order: number) => boolean): TemplateFunction =>
  (a, b) =>
    holds(
      typeof a === 'number' && typeof b === 'number' ? a - b : show(a) < show(b) ? -1 : show(a) === show(b) ? 0 : 1,
    );

export const functions: Readonly<Record<string, TemplateFunction>> = {
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
  not: (value) => !isTrue(value),
  eq: (first, ...others) => others.some((other) => same(first, other)),
  ne: (a, b) => !same(a, b),
  lt: compare((order) => order < 0),
  le: compare((order) => order <= 0),
  gt: compare((order) => order > 0),
  ge: compare((order) => order >= 0),
  len: (value) =>
    typeof value === 'string' || isList(value)
      ? value.length
      : typeof value === 'object'
        ? Object.keys(value).length
        : 0,
  index: (of, ...keys) => keys.reduce<Value>((found, key) => at(found, key), of),
  print: (...values) => values.map(show).join(''),
  println: (...values) => `${values.map(show).join(' ')}\n`,
  printf: (format, ...values) => sprintf(textOf(format), values),
  urlquery: (...values) => encodeURIComponent(values.map(show).join('')),

  first: (list) => {
    if (isList(list) && list.length > 0) return list[0];
    throw new TemplateError('first() called on vector with no elements');
  },
  label: (name, sample) => at(at(sample, 'Labels'), name) ?? '',
  value: (sample) => at(sample, 'Value'),
  strvalue: (sample) => at(at(sample, 'Labels'), '__value__') ?? '',
  sortByLabel: (name, list) =>
    isList(list)
      ? list.toSorted((a, b) => (show(at(at(a, 'Labels'), name)) < show(at(at(b, 'Labels'), name)) ? -1 : 1))
      : list,
  args: (...values) => Object.fromEntries(values.map((value, index) => [`arg${index}`, value])),

  humanize: (value) => numbered(value, humanize),
  humanize1024: (value) => numbered(value, humanize1024),
  humanizeDuration: (value) => numbered(value, humanizeDuration),
  humanizePercentage: (value) => numbered(value, humanizePercentage),
  humanizeTimestamp: (value) => numbered(value, humanizeTimestamp),
  toTime: (value) => numbered(value, humanizeTimestamp),
  toDuration: (value) => numbered(value, humanizeDuration),
  parseDuration: (value) => durationParameter.parse(textOf(value)) / 1000,
  toUpper: (value) => textOf(value).toUpperCase(),
  toLower: (value) => textOf(value).toLowerCase(),
  title: (value) =>
    textOf(value).replaceAll(/(^|\s)(\S)/gu, (_, space: string, letter: string) => space + letter.toUpperCase()),
  stripPort: (value) =>
    textOf(value)
      .replace(/^(\[[^\]]*\]|[^:]*):\d*$/u, '$1')
      .replaceAll(/[[\]]/gu, ''),
  stripDomain: (value) => textOf(value).replace(/^([^.:]+)(?:\.[^:]*)?(:\d+)?$/u, '$1$2'),
  match: (pattern, value) => compile(textOf(pattern)).matcher(textOf(value)).find(),
  reReplaceAll: (pattern, replacement, value) =>
    // RE2's `$1` and `${1}` are Go's.
    compile(textOf(pattern)).matcher(textOf(value)).replaceAll(textOf(replacement)),
  safeHtml: (value) => value,
  html: (value) =>
    textOf(value)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&#34;')
      .replaceAll("'", '&#39;'),
  graphLink: (expr) => `/graph?g0.expr=${encodeURIComponent(textOf(expr))}&g0.tab=0`,
  tableLink: (expr) => `/graph?g0.expr=${encodeURIComponent(textOf(expr))}&g0.tab=1`,
  pathPrefix: () => '',
};

export function at(of: Value, key: Value): Value {
  if (isList(of)) return typeof key === 'number' ? of[key] : undefined;
  if (typeof of !== 'object' || typeof key !== 'string' || !Object.hasOwn(of, key)) return undefined;
  return (of as Readonly<Record<string, Value>>)[key];
}

function same(a: Value, b: Value): boolean {
  return typeof a === typeof b && (a === b || (typeof a === 'object' && show(a) === show(b)));
}

function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(`expected a text, got ${show(value)}`);
}

function numbered(value: Value, write: (number: number) => string): string {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || (Number.isNaN(number) && typeof value === 'string')) {
    throw new TemplateError(`expected a number, got ${JSON.stringify(show(value))}`);
  }
  return write(number);
}

/** RE2, as in Go: linear time whatever the pattern. */
function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    throw new TemplateError(`expected a regular expression, got ${JSON.stringify(pattern)}`, { cause });
  }
}
