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
  /** Whether its samples say when their count began. */
  hasStarts: boolean;
}

/** What a query asked for that is not kept. */
export type Unkept = 'native histograms' | 'start timestamps';

/** The samples that a case file has loaded so far. Native histograms and start timestamps are not kept, only where they would be. */
export class CaseStore {
  readonly #series = new Map<string, Held>();
  #touched: Unkept | undefined;

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

  /** What of all that is not kept anything asked for since the last call. */
  takeTouched(): Unkept | undefined {
    const touched = this.#touched;
    this.#touched = undefined;
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
    const started = createMemoryReader(held.filter(({ hasStarts }) => hasStarts).map(toStored));
    return {
      select: async (scope, request, signal) => {
        if ((await started.select(scope, request, signal)).length > 0) this.#touched = 'start timestamps';
        if ((await natives.select(scope, request, signal)).length > 0) this.#touched = 'native histograms';
        return numbers.select(scope, request, signal);
      },
    };
  }

  #add(labels: LabelSet, points: readonly Point[], stepMs: number): void {
    let held = this.#series.get(labels.key);
    if (held === undefined) {
      held = { labels, points: new Map(), nativeTimes: new Set(), hasStarts: false };
      this.#series.set(labels.key, held);
    }
    for (const [index, point] of points.entries()) {
      if (point === 'none') continue;
      if (point === 'start') held.hasStarts = true;
      else if (point === 'native') held.nativeTimes.add(index * stepMs);
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
