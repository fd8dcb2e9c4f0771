/** Raw samples of any number of series, a few at a time, for whoever wants to have them all. */
import type { UnixMs } from '@tarsier/protocol';
import type { SeriesRow } from '../storage/series-catalog.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import type { Matcher } from '../storage/series-catalog.ts';
import type { SeriesResult } from './query.ts';
import { compileTests } from './selector.ts';
import { withoutStale } from './staleness.ts';

export interface ExportRequest {
  /** From {@link Exporter.series}. */
  readonly series: readonly SeriesRow[];
  readonly from: UnixMs;
  /** Included. */
  readonly to: UnixMs;
  readonly signal?: AbortSignal | undefined;
  /** Whether markers of staleness count as samples; they are left out unless told otherwise. */
  readonly markers?: 'keep' | 'drop';
}

export interface Exporter {
  /**
   * Series that any of the selectors matches, each once: by metric, then by host.
   *
   * @param most  of each selector; unlimited unless given
   * @throws {TarsierError} `query/too-many-series`
   */
  series(scope: TenantScope, selectors: readonly (readonly Matcher[])[], most?: number): Promise<readonly SeriesRow[]>;
  /** Their samples in the order of the request; those without any are left out. */
  samples(scope: TenantScope, request: ExportRequest): AsyncGenerator<SeriesResult>;
}

/** Samples read at once, if there is one a second: some 64 MB. */
const samplesAtOnce = 4_000_000;
const mostSeriesAtOnce = 500;

export function createExporter({ storage }: { readonly storage: Pick<Storage, 'samples' | 'series'> }): Exporter {
  return {
    async series(scope, selectors, most = Infinity) {
      const found = new Map<number, SeriesRow>();
      for (const matchers of selectors) {
        const rows = await storage.series.match(scope, compileTests(matchers), { most });
        for (const row of rows) found.set(row.seriesId, row);
      }
      // They come by host, and sorting keeps that within a metric.
      return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    },

    async *samples(scope, { series, from, to, signal, markers = 'drop' }) {
      const seconds = Math.max(1, (to - from) / 1000);
      const atOnce = Math.min(mostSeriesAtOnce, Math.max(1, Math.floor(samplesAtOnce / seconds)));
      for (let first = 0; first < series.length; first += atOnce) {
        const some = series.slice(first, first + atOnce);
        const columns = await storage.samples.read(scope, some, { from, to, signal });
        for (const row of some) {
          const column = columns.get(row.seriesId);
          const kept = column === undefined || markers === 'keep' ? column : withoutStale(column);
          if (kept !== undefined && kept.times.length > 0) yield { series: row, column: kept };
        }
      }
    },
  };
}
