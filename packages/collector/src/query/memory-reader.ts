import type { SeriesColumn } from '@tarsier/protocol';
import { countUpTo } from '../bisect.ts';
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

/** The samples of `from` to `to`, both included; no copy. Times are whole ms. */
export function between({ times, values }: SeriesColumn, from: number, to: number): SeriesColumn {
  const [first, end] = [countUpTo(times, from - 1), countUpTo(times, to)];
  return { times: times.subarray(first, end), values: values.subarray(first, end) };
}
