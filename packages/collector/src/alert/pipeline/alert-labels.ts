import type { Alert, Labels } from '@tarsier/protocol';
import type { Matcher } from '../../query/language/ast.ts';
import { parseSelector } from '../../query/language/parse.ts';
import { quote } from '../../query/language/text.ts';
import { compileMatchers } from '../../query/selector.ts';
import { sortedEntries } from '../sorted-entries.ts';

/** An alert as routes, silences and inhibitions see it. */
export function alertLabels({ name, severity, host, metric, labels }: Alert): Labels {
  const described = { ...(host === '' ? {} : { host }), ...(metric === '' ? {} : { metric }) };
  return { ...labels, ...described, severity, alertname: name };
}

/** As Alertmanager has a matcher. */
export interface AlertmanagerMatcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

export function matcherText({ name, value, isRegex, isEqual }: AlertmanagerMatcher): string {
  return `${name}${isEqual ? '=' : '!'}${isRegex ? '~' : isEqual ? '' : '='}${quote(value)}`;
}

export type LabelTest = (labels: Labels) => boolean;

/**
 * @param matchers  as in `host="db-1"`
 * @throws {QueryError} `query/parse`
 */
export function parseMatchers(matchers: readonly string[]): readonly Matcher[] {
  // One by one, so that a comma or a brace can't make two of one.
  return matchers.flatMap((matcher) => parseSelector(`{alertname=~".+",${matcher}}`).slice(1));
}

/** All of the matchers must hold. @throws {QueryError} `query/parse` */
export function compileLabelTest(matchers: readonly string[]): LabelTest {
  const matches = compileMatchers(parseMatchers(matchers));
  return (labels) => matches({ name: '', labels });
}

/** Which series of which rule an alert is about, whenever it fires. */
export function fingerprint({ ruleId, metric, labels }: Alert): string {
  return JSON.stringify([ruleId, metric, sortedEntries(labels)]);
}

/** `Disk filling on db-1`. */
export function subjectOf({ name, host }: Alert): string {
  return host === '' ? name : `${name} on ${host}`;
}
