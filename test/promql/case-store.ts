import {
  createMemoryReader,
  type LabelSet,
  markStale,
  type SeriesReader,
  type StoredSeries,
} from '@tarsier/collector/promql';
import type { Load, Point } from './case-file.ts';

interface Held {
  readonly labels: LabelSet;
  readonly points: Map<number, number | 'stale'>;
  readonly nativeTimes: Set<number>;
}

/** The samples that a case file has loaded so far. Native histograms are not kept, only where they would be. */
export class CaseStore {
  readonly #series = new Map<string, Held>();
  #touchedNative = false;

  clear(): void {
    this.#series.clear();
  }

  load({ series, stepMs, withNative }: Load): void {
    for (const { labels, points } of series) {
      this.#add(labels, points, stepMs);
      const [, histogram] = /^(.*)_bucket$/u.exec(labels.get('__name__')) ?? [];
      if (!withNative || histogram === undefined) continue;
      const native = labels.without(new Set(['le'])).with('__name__', histogram);
      this.#add(
        native,
        points.map((point) => (typeof point === 'number' ? 'native' : point)),
        stepMs,
      );
    }
  }

  /** Whether anything asked for a native histogram since the last call. */
  takeTouchedNative(): boolean {
    const touched = this.#touchedNative;
    this.#touchedNative = false;
    return touched;
  }

  reader(): SeriesReader {
    const held = [...this.#series.values()];
    const numbers = createMemoryReader(held.map(toStored));
    const natives = createMemoryReader(
      held.map(({ labels, nativeTimes }) => ({
        labels,
        column: { times: Float64Array.from(nativeTimes).toSorted(), values: new Float64Array(nativeTimes.size) },
      })),
    );
    return {
      select: async (scope, request, signal) => {
        if ((await natives.select(scope, request, signal)).length > 0) this.#touchedNative = true;
        return numbers.select(scope, request, signal);
      },
    };
  }

  #add(labels: LabelSet, points: readonly Point[], stepMs: number): void {
    let held = this.#series.get(labels.key);
    if (held === undefined)
      this.#series.set(labels.key, (held = { labels, points: new Map(), nativeTimes: new Set() }));
    for (const [index, point] of points.entries()) {
      if (point === 'none') continue;
      if (point === 'native') held.nativeTimes.add(index * stepMs);
      else held.points.set(index * stepMs, point);
    }
  }
}

function toStored({ labels, points }: Held): StoredSeries {
  const times = Float64Array.from(points.keys()).toSorted();
  const values = new Float64Array(times.length);
  for (const [row, time] of times.entries()) {
    const point = points.get(time) ?? Number.NaN;
    if (point === 'stale') markStale(values, row);
    else values[row] = point;
  }
  return { labels, column: { times, values } };
}
