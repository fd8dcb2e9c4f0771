/**
 * Series in the notation of Prometheus's tests: `metric{label="value"} 1 2+1x3 _ stale`. `a+bxn` is n + 1 values from a,
 * adding b; `axn` the same value n + 1 times, `_` no sample, `_xn` n of those, `stale` the end of a series.
 */
import { LabelSet, metricName } from './label-set.ts';
import { parseNumber } from './language/number.ts';
import { parseMetricSelector } from './language/parser.ts';

/** `native` stands for a native histogram, which is not read. */
export type Point = number | 'none' | 'stale' | 'native';

export interface NotedSeries {
  readonly labels: LabelSet;
  readonly points: readonly Point[];
}

/** More points of one series are a slip of the pen: 0x1000000000. */
const mostPoints = 10_000_000;

/** @throws {Error} what is wrong with it */
export function parseSeries(line: string): NotedSeries {
  const end = selectorEnd(line);
  return { labels: parseLabels(line.slice(0, end)), points: parsePoints(line.slice(end)) };
}

/** `metric{label="value"}`, `{label="value"}` or `{}`. @throws {Error} what is wrong with it */
export function parseLabels(text: string): LabelSet {
  if (text.trim() === '{}') return LabelSet.empty;
  const matchers = parseMetricSelector(text);
  const other = matchers.find(({ op }) => op !== '=');
  if (other !== undefined) throw new Error(`expected =, got ${other.op} after ${other.label}`);
  const twice = matchers.find(({ label }, index) => matchers.findIndex((one) => one.label === label) < index);
  if (twice !== undefined) {
    throw new Error(`expected each label once, got ${twice.label === metricName ? 'the name' : twice.label} twice`);
  }
  return LabelSet.of(matchers.map(({ label, value }) => [label, value]));
}

/** The first blank that is in no quotes and no braces. */
function selectorEnd(line: string): number {
  let [quote, depth] = ['', 0];
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (quote !== '') {
      if (char === '\\' && quote !== '`') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return at + 1;
    else if (/\s/u.test(char) && depth === 0 && !/^\s*\{(?!\{)/u.test(line.slice(at))) return at;
  }
  return line.length;
}

function parsePoints(text: string): readonly Point[] {
  return (text.match(/\{\{[^}]*\}\}(?:[+-]\{\{[^}]*\}\})?(?:x\d+)?|\S+/gu) ?? []).flatMap((item): readonly Point[] => {
    const [, body = item, times] = /^(.*?)x(\d+)$/u.exec(item) ?? [];
    const count = times === undefined ? undefined : Number(times);
    if ((count ?? 0) > mostPoints) throw new Error(`expected at most ${mostPoints} values, got ${item}`);
    if (body.startsWith('{{')) return Array.from({ length: (count ?? 0) + 1 }, () => 'native');
    // `_x3` is three, `5x3` is four: the first and three more.
    if (body === '_') return Array.from({ length: count ?? 1 }, () => 'none');
    if (body === 'stale') return Array.from({ length: (count ?? 0) + 1 }, () => 'stale');
    const [, from = body, sign, by] = count === undefined ? [] : (/^(.*?[^eE+-])([+-])(.+)$/u.exec(body) ?? []);
    const first = signed(from);
    const change = by === undefined ? 0 : (sign === '-' ? -1 : 1) * signed(by);
    // Added up one after the other, as the original does.
    const points: number[] = [first];
    for (let index = 0; index < (count ?? 0); index++) points.push((points.at(-1) ?? 0) + change);
    return points;
  });
}

/** A number with its sign. @throws {Error} */
export function signed(text: string): number {
  const [, sign, number] = /^([+-]?)(.*)$/u.exec(text) ?? [];
  const value = parseNumber(number ?? '');
  if (value === undefined) throw new Error(`expected a number, got ${text}`);
  return sign === '-' ? -value : value;
}
