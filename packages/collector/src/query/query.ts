/** Answers a selector over a range of time from the stored batches. */
import { decodePayload, TarsierError, type SeriesColumn, type UnixMs } from '@tarsier/protocol';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import type { Aggregation } from '@tarsier/protocol/api';
import { maxBatchSpanMs, type BatchRecord } from '../storage/batches.ts';
import type { SeriesRow } from '../storage/series-catalog.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import { aggregate } from './aggregate.ts';
import { SeriesSamples } from './series-samples.ts';
import { compileMatchers, parseSelector } from './selector.ts';

export interface RangeRequest {
  readonly selector: string;
  readonly start: UnixMs;
  /** Included. */
  readonly end: UnixMs;
  /** Absent: raw samples. */
  readonly stepMs?: number;
  readonly aggregation?: Aggregation;
  /** Ends the work when nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

export interface SeriesResult {
  readonly series: SeriesRow;
  readonly column: SeriesColumn;
}

export interface QueryLimits {
  readonly series: number;
  /** Samples read, over all series. */
  readonly samples: number;
  /** Points per series in the answer of a query with a step, as in Prometheus. */
  readonly points: number;
}

export interface Query {
  /**
   * Series without a sample in the range are left out.
   *
   * @throws {TarsierError} `query/…`
   */
  range(scope: TenantScope, request: RangeRequest): Promise<readonly SeriesResult[]>;
  /** @throws {TarsierError} `query/…` */
  series(scope: TenantScope, selector: string): Promise<readonly SeriesRow[]>;
}

const defaultLimits: QueryLimits = { series: 10_000, samples: 20_000_000, points: 11_000 };
/** Batches of a host are read this much time at once, so that a long range does not fill the memory. */
const readSpanMs = maxBatchSpanMs;

export function createQuery({
  storage,
  limits = defaultLimits,
}: {
  readonly storage: Pick<Storage, 'batches' | 'series'>;
  readonly limits?: QueryLimits;
}): Query {
  async function matching(scope: TenantScope, selector: string): Promise<readonly SeriesRow[]> {
    const matchers = parseSelector(selector);
    const series = (await storage.series.candidates(scope, matchers)).filter(compileMatchers(matchers));
    if (series.length > limits.series) {
      throw new TarsierError(
        'query/too-many-series',
        `query: expected at most ${limits.series} series, got ${series.length}; narrow the selector`,
        {
          field: 'query',
        },
      );
    }
    return series;
  }

  return {
    series: matching,

    async range(scope, { selector, start, end, stepMs, aggregation = 'last', signal }) {
      if (stepMs !== undefined && (end - start) / stepMs > limits.points) {
        throw new TarsierError(
          'query/too-many-points',
          `step: expected at most ${limits.points} points per series; use a larger step`,
          {
            field: 'step',
          },
        );
      }
      const series = await matching(scope, selector);
      // The first step and the first rate reach back before the start.
      const readFrom = stepMs === undefined ? start : start - 2 * stepMs;
      let samples = 0;
      const results: SeriesResult[] = [];
      for (const [hostId, ofHost] of Map.groupBy(series, (row) => row.hostId)) {
        const collected = new Map(ofHost.map((row) => [row.seriesId, new SeriesSamples()]));
        const columnsOf = await columnFinder(storage, scope, hostId, collected);
        for (let from = readFrom; from <= end; from += readSpanMs) {
          signal?.throwIfAborted();
          const to = Math.min(end, from + readSpanMs - 1);
          const batches = await storage.batches.read(scope, [hostId], from, to);
          for (const batch of batches) {
            samples += readBatch(batch, columnsOf, from, to);
            if (samples > limits.samples) {
              throw new TarsierError(
                'query/too-many-samples',
                `query: expected at most ${limits.samples} samples; narrow the range or the selector`,
                {
                  field: 'query',
                },
              );
            }
          }
        }
        for (const row of ofHost) {
          const raw = collected.get(row.seriesId)?.column();
          if (raw === undefined) continue;
          const column = stepMs === undefined ? raw : aggregate(raw, start, end, stepMs, aggregation);
          if (column.times.length > 0) results.push({ series: row, column });
        }
      }
      return results;
    },
  };
}

/** Which columns of a batch are wanted, and where they go. */
type ColumnFinder = (batch: BatchRecord) => readonly { readonly column: number; readonly samples: SeriesSamples }[];

async function columnFinder(
  storage: Pick<Storage, 'series'>,
  scope: TenantScope,
  hostId: number,
  collected: ReadonlyMap<number, SeriesSamples>,
): Promise<ColumnFinder> {
  const schemas = await storage.series.schemasOfHost(scope, hostId);
  const byHash = new Map(
    schemas.map(({ hash, seriesIds }) => {
      const columns = Array.from(seriesIds, (id, column) => ({ column, samples: collected.get(id) }));
      return [
        hex(hash),
        columns.flatMap(({ column, samples }) => (samples === undefined ? [] : [{ column, samples }])),
      ];
    }),
  );
  return ({ schemaHash }) => byHash.get(hex(schemaHash)) ?? [];
}

function readBatch(batch: BatchRecord, columnsOf: ColumnFinder, from: UnixMs, to: UnixMs): number {
  const columns = columnsOf(batch);
  if (columns.length === 0) return 0;
  const { times, values, present } = decodePayload(batch.payload, zstdDecompress);
  const rows = times.length;
  let first = 0;
  while (first < rows && (times[first] ?? 0) < from) first++;
  let last = rows;
  while (last > first && (times[last - 1] ?? 0) > to) last--;
  let read = 0;
  for (const { column, samples } of columns) {
    for (let row = first; row < last; row++) {
      const at = column * rows + row;
      if (present !== undefined && present[at] === 0) continue;
      samples.push(times[row] ?? 0, values[at] ?? Number.NaN);
      read++;
    }
  }
  return read;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
