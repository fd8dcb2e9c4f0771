/** Answers of both engines in one shape, and whether they are equal. */
import {
  createEngine,
  createMemoryReader,
  formatValue,
  parseNumber,
  type Engine,
  type StoredSeries,
} from '@tarsier/collector/promql';
import { z } from 'zod';
import type { Asked } from './queries.ts';

/** Series by their labels: points as [Unix ms, value as text]. An error is one, whatever it says. */
export const answerSchema = z.union([
  z.object({ error: z.string() }),
  z.object({ series: z.record(z.string(), z.array(z.tuple([z.number(), z.string()]))) }),
]);
export type Answer = z.infer<typeof answerSchema>;

const scope = { tenantId: 1, tenant: 'test' };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

export function engineOn(series: readonly StoredSeries[]): Engine {
  return createEngine({ reader: createMemoryReader(series), log: silent });
}

export async function ourAnswer(engine: Engine, { query, startMs, endMs, stepMs }: Asked): Promise<Answer> {
  try {
    const { data } =
      stepMs === 0
        ? await engine.instant(scope, { query, time: startMs })
        : await engine.range(scope, { query, start: startMs, end: endMs, stepMs });
    switch (data.kind) {
      case 'scalar':
        return { series: { scalar: [[data.time, formatValue(data.value)]] } };
      case 'string':
        return { series: { [data.text]: [] } };
      case 'vector':
        return {
          series: Object.fromEntries(
            data.samples.map(({ labels, value }) => [keyOf(labels.toObject()), [[data.time, formatValue(value)]]]),
          ),
        };
      case 'matrix':
        return {
          series: Object.fromEntries(
            data.series.map(({ labels, times, values }) => [
              keyOf(labels.toObject()),
              Array.from(times, (time, row): [number, string] => [time, formatValue(values[row] ?? Number.NaN)]),
            ]),
          ),
        };
    }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

export function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Version 2 of Prometheus lets a comparison pass that holds for at most one of several matches; version 3 does not. */
function refusedByNewOnly(ours: Answer, query: string): boolean {
  return 'error' in ours && ours.error.startsWith('multiple matches for labels') && /[<>]|[!=]=/u.test(query);
}

/** @param query  what was asked: the versions differ in how they answer some. @returns what differs */
export function difference(theirs: Answer, ours: Answer, query = ''): string | undefined {
  if ('error' in theirs || 'error' in ours) {
    if (refusedByNewOnly(ours, query)) return undefined;
    if ('error' in theirs && 'error' in ours) return undefined;
    return 'error' in theirs ? `they fail: ${theirs.error}` : `we fail: ${'error' in ours ? ours.error : ''}`;
  }
  for (const key of new Set([...Object.keys(theirs.series), ...Object.keys(ours.series)])) {
    const [their, our] = [theirs.series[key], ours.series[key]];
    if (their === undefined) return `only we have ${key}: ${JSON.stringify(our?.slice(0, 3))}`;
    if (our === undefined) return `only they have ${key}: ${JSON.stringify(their.slice(0, 3))}`;
    if (their.length !== our.length) return `${key}: they have ${their.length} points, we ${our.length}`;
    for (const [row, [time, value]] of their.entries()) {
      const [ourTime, ourValue] = our[row] ?? [0, ''];
      if (time !== ourTime) return `${key}: their point ${row} is at ${time}, ours at ${ourTime}`;
      if (!equal(toNumber(value), toNumber(ourValue))) return `${key} at ${time}: they have ${value}, we ${ourValue}`;
    }
  }
  return undefined;
}

function toNumber(text: string): number {
  const value = parseNumber(text.replace(/^[+-]/u, '')) ?? Number.NaN;
  return text.startsWith('-') ? -value : value;
}

/** Sums of rounding errors differ by the order in which they are made. */
function equal(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= 1e-8 * Math.max(Math.abs(a), Math.abs(b)) + 1e-8;
}
