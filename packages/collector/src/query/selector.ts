import { isLabelName, isMetricName, TarsierError, type Labels } from '@tarsier/protocol';
import type { Matcher } from '../storage/series-catalog.ts';
import { compilePattern } from './pattern/pattern.ts';

const operators = ['=~', '!~', '!=', '='] as const;
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'" };

/**
 * Reads a Prometheus instant-vector selector: `name`, `name{a="b",c!="d",e=~"f.*",g!~"h"}`, `{__name__="name"}`.
 * Strings are in double or single quotes with backslash escapes, or in backticks without.
 *
 * @throws {TarsierError} `query/selector` with the position, `query/regex`, `query/matches-all` when nothing is asked for
 */
export function parseSelector(text: string): readonly Matcher[] {
  const reader = new SelectorReader(text);
  const matchers: Matcher[] = [];
  reader.skipSpace();
  const name = reader.take(/[a-zA-Z_:][a-zA-Z0-9_:]*/y);
  if (name !== undefined) matchers.push({ label: '__name__', op: '=', value: name });
  reader.skipSpace();
  if (reader.takeChar('{')) {
    for (reader.skipSpace(); !reader.takeChar('}'); reader.skipSpace()) {
      matchers.push(reader.matcher());
      reader.skipSpace();
      if (reader.takeChar(',')) continue;
      if (reader.takeChar('}')) break;
      throw reader.expected('"," or "}"');
    }
    reader.skipSpace();
  } else if (name === undefined) {
    throw reader.expected('a metric name or "{"');
  }
  if (!reader.atEnd()) throw reader.expected('the end of the selector');
  checkMatchers(matchers);
  return matchers;
}

/** @returns whether a series matches; a label that it lacks counts as the empty string */
export function compileMatchers(
  matchers: readonly Matcher[],
): (series: { readonly name: string; readonly labels: Labels }) => boolean {
  const tests = matchers.map(({ label, op, value }) => ({ label, test: compile(op, value) }));
  return ({ name, labels }) =>
    tests.every(({ label, test }) =>
      test(label === '__name__' ? name : ((Object.hasOwn(labels, label) ? labels[label] : undefined) ?? '')),
    );
}

function compile(op: Matcher['op'], value: string): (text: string) => boolean {
  switch (op) {
    case '=':
      return (text) => text === value;
    case '!=':
      return (text) => text !== value;
    case '=~':
      return compilePattern(value).matches;
    case '!~': {
      const pattern = compilePattern(value);
      return (text) => !pattern.matches(text);
    }
  }
}

function checkMatchers(matchers: readonly Matcher[]): void {
  // Each is compiled, so that a bad pattern is told now and not by an empty answer.
  const selective = matchers.map(({ op, value }) => !compile(op, value)(''));
  if (selective.includes(true)) return;
  throw new TarsierError(
    'query/matches-all',
    'a selector needs a metric name or a matcher that does not match the empty string',
  );
}

class SelectorReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  skipSpace(): void {
    this.take(/\s*/y);
  }

  /** @param pattern  sticky */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  takeChar(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  matcher(): Matcher {
    const label = this.take(/[a-zA-Z_][a-zA-Z0-9_]*/y);
    if (label === undefined || (label !== '__name__' && !isLabelName(label))) throw this.expected('a label name');
    this.skipSpace();
    const op = operators.find((operator) => this.#text.startsWith(operator, this.#at));
    if (op === undefined) throw this.expected('=, !=, =~ or !~');
    this.#at += op.length;
    this.skipSpace();
    const value = this.#string();
    if (label === '__name__' && op === '=' && !isMetricName(value)) throw this.expected('a metric name');
    return { label, op, value };
  }

  #string(): string {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'" && quote !== '`') throw this.expected('a quoted string');
    this.#at++;
    let value = '';
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw this.expected(`closing ${quote}`);
      this.#at++;
      if (char === quote) return value;
      if (char !== '\\' || quote === '`') {
        value += char;
        continue;
      }
      const escaped = this.#text[this.#at] ?? '';
      const meant = escapes[escaped];
      if (meant === undefined) throw this.expected('an escape: \\n, \\t, \\r, \\\\ or a quote');
      value += meant;
      this.#at++;
    }
  }

  expected(what: string): TarsierError {
    const found = this.atEnd() ? 'the end' : JSON.stringify(this.#text.slice(this.#at, this.#at + 10));
    return new TarsierError('query/selector', `query: expected ${what} at character ${this.#at + 1}, got ${found}`, {
      field: 'query',
    });
  }
}
