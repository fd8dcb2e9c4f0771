/** What a test expects against what there is, told as a person would: the nearest of both beside each other. */
import type { Labels } from '@tarsier/protocol';
import { LabelSet } from '../../query/label-set.ts';
import { formatDuration } from '../../query/language/duration.ts';
import { formatValue } from '../../query/language/number.ts';
import { keyOf } from '../groups/alert-rule-run.ts';
import { sortedEntries } from '../sorted-entries.ts';
import type { AlertTexts, ExpressionCase } from './test-file.ts';

/** An alert that is pending or fires. */
export interface Found extends AlertTexts {
  /** Since when after the start; undefined: it fires. */
  readonly pendingSinceMs: number | undefined;
  readonly forMs: number;
}

/** Evaluators add up in different orders: the last digits say nothing. */
const tolerance = 1e-12;

/** @returns nothing where they are the same */
export function compareAlerts(expected: readonly AlertTexts[], found: readonly Found[]): readonly string[] {
  const { missing, surplus } = withoutEqual(expected, found.filter(fires), alertKey);
  const details: string[] = [];
  for (const one of missing) {
    const near = takeNearest(one.labels, surplus, ({ labels }) => labels);
    if (near !== undefined) {
      details.push(
        `fires otherwise than expected: ${shown(near.labels)}`,
        ...differences('label', one.labels, near.labels),
        ...differences('annotation', one.annotations, near.annotations),
      );
      continue;
    }
    details.push(`expected, but does not fire: ${shown(one.labels)}`);
    const waiting = found.find((other) => !fires(other) && keyOf(other.labels) === keyOf(one.labels));
    if (waiting?.pendingSinceMs !== undefined) {
      details.push(`  it is pending since ${formatAt(waiting.pendingSinceMs)}, for ${formatDuration(waiting.forMs)}`);
    }
  }
  for (const one of surplus) {
    details.push(`fires, but is not expected: ${shown(one.labels)}`);
    for (const [name, text] of sortedEntries(one.annotations)) {
      details.push(`  annotation ${name}: ${JSON.stringify(text)}`);
    }
  }
  return details;
}

type Sample = ExpressionCase['expected'][number];

/** @returns nothing where they are the same */
export function compareSamples(expected: readonly Sample[], found: readonly Sample[]): readonly string[] {
  const rest = new Map(found.map((sample) => [sample.labels.key, sample]));
  const missing: Sample[] = [];
  const details: string[] = [];
  for (const one of expected) {
    const same = rest.get(one.labels.key);
    rest.delete(one.labels.key);
    if (same === undefined) missing.push(one);
    else if (!equal(one.value, same.value)) {
      details.push(`${one.labels.toString()}: expected ${formatValue(one.value)}, got ${formatValue(same.value)}`);
    }
  }
  const surplus = [...rest.values()];
  for (const { labels, value } of missing) {
    details.push(`expected, but not there: ${labels.toString()} ${formatValue(value)}`);
    const near = takeNearest(labels.toObject(), surplus, (other) => other.labels.toObject());
    if (near === undefined) continue;
    details.push(
      `  there is ${near.labels.toString()} ${formatValue(near.value)}`,
      ...differences('label', labels.toObject(), near.labels.toObject()),
    );
  }
  for (const { labels, value } of surplus) {
    details.push(`there, but not expected: ${labels.toString()} ${formatValue(value)}`);
  }
  return details;
}

/** `1h30m` after the start. */
export function formatAt(ms: number): string {
  return formatDuration(ms);
}

function fires({ pendingSinceMs }: Found): boolean {
  return pendingSinceMs === undefined;
}

function alertKey({ labels, annotations }: AlertTexts): string {
  return keyOf(labels) + keyOf(annotations);
}

/** Each of one side takes one equal of the other away. */
function withoutEqual<A, B extends A>(expected: readonly A[], found: readonly B[], key: (one: A) => string) {
  const surplus = [...found];
  const missing = expected.filter((one) => {
    const at = surplus.findIndex((other) => key(other) === key(one));
    if (at >= 0) surplus.splice(at, 1);
    return at < 0;
  });
  return { missing, surplus };
}

/** The one with the most labels in common: at least one besides the names, unless there are no others. */
function takeNearest<T>(labels: Labels, from: T[], labelsOf: (one: T) => Labels): T | undefined {
  const names = new Set(['alertname', '__name__']);
  let [best, bestScore] = [-1, 0];
  for (const [index, one] of from.entries()) {
    const others = Object.entries(labelsOf(one)).filter(([name]) => !names.has(name));
    const common = others.filter(([name, value]) => labels[name] === value).length;
    const score = common + (others.length === 0 || Object.keys(labels).every((name) => names.has(name)) ? 0.5 : 0);
    if (score > bestScore) [best, bestScore] = [index, score];
  }
  return best < 0 ? undefined : from.splice(best, 1)[0];
}

function differences(what: string, expected: Labels, got: Labels): readonly string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(got)])].toSorted();
  return names.flatMap((name) => {
    const [wanted, there] = [expected[name], got[name]];
    if (wanted === there) return [];
    if (there === undefined) return [`  ${what} ${name}: expected ${JSON.stringify(wanted)}, got none`];
    if (wanted === undefined) return [`  ${what} ${name}: expected none, got ${JSON.stringify(there)}`];
    return [
      `  ${what} ${name}: expected ${JSON.stringify(wanted)}`,
      `  ${' '.repeat(what.length + name.length + 3)}got      ${JSON.stringify(there)}`,
    ];
  });
}

function shown(labels: Labels): string {
  const { alertname: _, ...others } = labels;
  return LabelSet.of(Object.entries(others)).toBraces();
}

function equal(a: number, b: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}
