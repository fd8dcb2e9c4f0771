/** What expressions of a template amount to. */
import type { Labels } from '@tarsier/protocol';
import { formatValue } from '../../query/language/number.ts';
import { sortedEntries } from '../sorted-entries.ts';

/** A sample that `query` found. */
export interface TemplateSample {
  readonly Labels: Labels;
  readonly Value: number;
}

export type Value = string | number | boolean | undefined | readonly Value[] | { readonly [name: string]: Value };

/** As Go's `%v`. */
export function show(value: Value): string {
  if (value === undefined) return '<no value>';
  if (typeof value === 'number') return showNumber(value);
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(show).join(' ')}]`;
  const pairs = sortedEntries(value);
  return `map[${pairs.map(([name, one]) => `${name}:${show(one)}`).join(' ')}]`;
}

/** As Go's `%v`: shortest, with an exponent from 1e6 and below 1e-4. */
export function showNumber(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0 || !Number.isFinite(value) || (magnitude >= 1e-4 && magnitude < 1e6)) return formatValue(value);
  return value.toExponential().replace(/e([+-])(\d)$/u, 'e$10$2');
}

/** Go: empty, zero and nothing are false. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  return Boolean(value) || Number.isNaN(value);
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
