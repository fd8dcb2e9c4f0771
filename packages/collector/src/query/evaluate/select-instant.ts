/** Hot file: the newest sample of a series at each step. */
import type { UnixMs } from '@tarsier/protocol';
import type { StoredSeries } from '../series-reader.ts';
import { staleRows } from '../staleness.ts';
import { emptySeries, type VectorSeries } from './value.ts';

/**
 * @param look  the time of a step's look; never less than that of the step before
 * @param lookBackMs  older samples do not count; nor does anything before a staleness marker
 * @param what  the samples' values, or their times in seconds
 * @param lookedAt  counts the samples found, by step
 * @returns undefined when no step has a sample
 */
export function newestAt(
  { labels, column, spacingMs = 0 }: StoredSeries,
  count: number,
  look: (step: number) => UnixMs,
  lookBackMs: number,
  what: 'values' | 'times',
  lookedAt?: Float64Array,
): VectorSeries | undefined {
  const { times, values } = column;
  const isStale = staleRows(column);
  const found = emptySeries(labels, what === 'times', count);
  const reachMs = Math.max(lookBackMs, spacingMs);
  let any = false;
  let next = 0;
  for (let step = 0; step < count; step++) {
    const at = look(step);
    while (next < times.length && (times[next] ?? 0) <= at) next++;
    if (next === 0) continue;
    const row = next - 1;
    const time = times[row] ?? 0;
    const value = values[row] ?? 0;
    if (time <= at - reachMs || (value !== value && isStale(row))) continue;
    found.values[step] = what === 'times' ? time / 1000 : value;
    found.present[step] = 1;
    if (lookedAt !== undefined) lookedAt[step] = (lookedAt[step] ?? 0) + 1;
    any = true;
  }
  return any ? found : undefined;
}
