import type { Labels } from '@tarsier/protocol';
import type { Matcher } from '../storage/series-catalog.ts';
import type { LabelTest } from '../storage/series-index/label-index.ts';
import { compilePattern } from './pattern/pattern.ts';

/** Each matcher as a test of its label's value. */
export function compileTests(matchers: readonly Matcher[]): LabelTest[] {
  return matchers.map(({ label, op, value }) => ({
    label,
    passes: compile(op, value),
    ...(op === '=' && value !== '' ? { equals: value } : {}),
  }));
}

/** @returns whether a series matches; a label that it lacks counts as the empty string */
export function compileMatchers(
  matchers: readonly Matcher[],
): (series: { readonly name: string; readonly labels: Labels }) => boolean {
  const tests = compileTests(matchers);
  return ({ name, labels }) =>
    tests.every(({ label, passes }) =>
      passes(label === '__name__' ? name : ((Object.hasOwn(labels, label) ? labels[label] : undefined) ?? '')),
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
