import { LabelSet } from './label-set.ts';
import type { Query } from './query.ts';
import type { SeriesReader } from './series-reader.ts';

/** The evaluator's door to what is stored. */
export function createStorageReader({ query }: { readonly query: Pick<Query, 'samples'> }): SeriesReader {
  return {
    async select(scope, { matchers, from, to, limits }, signal) {
      const found = await query.samples(scope, { matchers, from, to, limits, signal });
      return found.map(({ series, column }) => ({ labels: LabelSet.ofSeries(series), column }));
    },
  };
}
