import type { SeriesColumn } from '@tarsier/protocol';
import { metricName } from './label-set.ts';
import { compileMatchers } from './selector.ts';
import type { SeriesReader, StoredSeries } from './series-reader.ts';

/** Samples that are in memory already, whoever's they are: for tests, and for rules over what is at hand. */
export function createMemoryReader(series: Iterable<StoredSeries>): SeriesReader {
  const all = [...series];
  return {
    async select(_, { matchers, from, to }) {
      const matches = compileMatchers(matchers);
      return all.flatMap(({ labels, column }) => {
        if (!matches({ name: labels.get(metricName), labels: labels.toObject() })) return [];
        const within = between(column, from, to);
        return within.times.length === 0 ? [] : [{ labels, column: within }];
      });
    },
  };
}

/** The samples of `from` to `to`, both included; no copy. */
export function between({ times, values }: SeriesColumn, from: number, to: number): SeriesColumn {
  const [first, end] = [firstAfter(times, from - 1), firstAfter(times, to)];
  return { times: times.subarray(first, end), values: values.subarray(first, end) };
}

/** The first row that is later than a time, by bisection. Times are whole ms. */
function firstAfter(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
