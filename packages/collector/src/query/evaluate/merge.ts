import { executionError } from '../language/query-error.ts';
import { hasSamples, type VectorSeries } from './value.ts';

/**
 * Series with the same labels become one, as long as no step has a sample of two of them; those without samples are
 * left out. One that keeps its name and one that loses it are two, as they will be once the name is taken away.
 *
 * @throws {QueryError} `query/execution` where two have one
 */
export function mergeSame(
  series: readonly VectorSeries[],
  conflict = 'vector cannot contain metrics with the same labelset',
): readonly VectorSeries[] {
  const byKey = new Map<string, VectorSeries>();
  for (const one of series) {
    if (!hasSamples(one)) continue;
    const key = `${one.dropName ? 'unnamed' : 'named'} ${one.labels.key}`;
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? one : merged(known, one, conflict));
  }
  return [...byKey.values()];
}

function merged(a: VectorSeries, b: VectorSeries, conflict: string): VectorSeries {
  const values = a.values.slice();
  const present = a.present.slice();
  for (let step = 0; step < present.length; step++) {
    if (b.present[step] === 0) continue;
    if (present[step] === 1) throw executionError(conflict);
    present[step] = 1;
    values[step] = b.values[step] ?? 0;
  }
  return { ...a, values, present };
}

/** Takes away the names that lost their meaning. @throws {QueryError} `query/execution` where that makes two equal */
export function withoutDroppedNames(series: readonly VectorSeries[]): readonly VectorSeries[] {
  return mergeSame(
    series.map((one) => (one.dropName ? { ...one, labels: one.labels.withoutName(), dropName: false } : one)),
  );
}
