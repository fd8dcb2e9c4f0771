/** Compares all that is stored with the model: samples, and rollups of samples that may be gone by now. */
import { isDeepStrictEqual } from 'node:util';
import type { SampleModel } from '../../../packages/collector/src/storage/compaction/testing.ts';
import { dayMs, hourMs, minuteMs } from '../../../packages/collector/src/storage/hours.ts';
import { rollUp } from '../../../packages/protocol/src/chunk/rollup.ts';
import { retention, type StoredSeries } from './messages.ts';

/** @returns how many samples there are @throws an error that says which series differs and how */
export function checkAll(stored: readonly StoredSeries[], model: SampleModel, now: number): number {
  const all = model.samples(0, now);
  // Whole partitions go: what is older than is kept may still be there, for a day at most.
  const kept = now - retention.samples * dayMs;
  const gone = Math.floor(kept / dayMs) * dayMs - hourMs;
  let count = 0;
  for (const { key, kind, samples, minutes } of stored) {
    const expected = all.get(key) ?? [];
    const found = Array.from(samples?.times ?? [], (time, row) => [time, samples?.values[row] ?? Number.NaN] as const);
    const known = new Map(expected);
    for (const [at, value] of found) {
      if (known.get(at) !== value) throw new Error(`${key} at ${at}: expected ${known.get(at)}, got ${value}`);
      if (at <= gone) throw new Error(`${key} at ${at}: expected it to have expired`);
    }
    if (new Set(found.map(([at]) => at)).size < found.length) throw new Error(`${key}: a time is there twice`);
    const there = new Set(found.map(([at]) => at));
    const lost = expected.find(([at]) => at >= kept && !there.has(at));
    if (lost !== undefined) throw new Error(`${key} at ${lost[0]}: expected ${lost[1]}, got nothing`);
    count += found.length;

    const column = {
      times: Float64Array.from(expected, ([at]) => at),
      values: Float64Array.from(expected, ([, value]) => value),
    };
    const wanted = rollUp(column, minuteMs, kind === 'counter');
    for (const part of ['ends', 'count', 'sum', 'min', 'max', 'first', 'last', 'firstAt', 'lastAt'] as const) {
      const got = Array.from(minutes?.[part] ?? []);
      if (!isDeepStrictEqual(got, Array.from(wanted[part]))) {
        const row = got.findIndex((value, at) => value !== wanted[part][at]);
        throw new Error(
          `${key}: rollups' ${part}: ${got.length} of ${wanted.ends.length}, at ${wanted.ends[row]} expected ${wanted[part][row]}, got ${got[row]}`,
        );
      }
    }
  }
  const keys = new Set(stored.map(({ key }) => key));
  const missing = [...all.keys()].find((key) => !keys.has(key));
  if (missing !== undefined) throw new Error(`${missing}: expected ${all.get(missing)?.length} samples, got no series`);
  return count;
}
