import type { Labels } from '@tarsier/protocol';
import type { Matcher } from '../storage/series-catalog.ts';
import { sees, type LabelTest } from '../tenant.ts';
import { parseSelector } from './language/parse.ts';
import { compilePattern } from './pattern/pattern.ts';

/** Each matcher as a test of its label's value. */
export function compileTests(matchers: readonly Matcher[]): LabelTest[] {
  return matchers.map(({ label, op, value }) => ({
    label,
    passes: compile(op, value),
    ...(op === '=' && value !== '' ? { equals: value } : {}),
  }));
}

/** Of a selector as it is written. @throws {TarsierError} `query/…` when it is none */
export function compileSelector(selector: string): LabelTest[] {
  return compileTests(parseSelector(selector));
}

/** @returns whether a series matches; a label that it lacks counts as the empty string */
export function compileMatchers(
  matchers: readonly Matcher[],
): (series: { readonly name: string; readonly labels: Labels }) => boolean {
  const tests = compileTests(matchers);
  return (series) => sees({ view: [tests] }, series);
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
