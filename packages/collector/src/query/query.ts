/** Answers a selector over a range of time from the stored batches. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodePayload, TarsierError, type SeriesColumn, type UnixMs } from '@tarsier/protocol';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import type { Aggregation } from '@tarsier/protocol/api';
import { maxBatchSpanMs, type BatchRecord } from '../storage/batches.ts';
import type { Matcher, SeriesRow } from '../storage/series-catalog.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import { aggregate, lookBackMs } from './aggregate.ts';
import { SeriesSamples } from './series-samples.ts';
import { parseSelector } from './language/parse.ts';
import { compileMatchers } from './selector.ts';
import { withoutStale } from './staleness.ts';

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
  /** From the first to the last sample that is looked for, ms. */
  readonly spanMs: number;
}

export interface Query {
  /**
   * Series without a sample in the range are left out.
   *
   * @throws {TarsierError} `query/…`
   */
  range(scope: TenantScope, request: RangeRequest): Promise<readonly SeriesResult[]>;
  /** Which series match, whether or not they have samples. @throws {TarsierError} `query/…` */
  series(scope: TenantScope, matchers: readonly Matcher[], signal?: AbortSignal): Promise<readonly SeriesRow[]>;
  /** Their samples of `from` to `to`, both included. @throws {TarsierError} `query/…` */
  samples(scope: TenantScope, request: SamplesRequest): Promise<readonly SeriesResult[]>;
}

export interface SamplesRequest {
  readonly matchers: readonly Matcher[];
  readonly from: UnixMs;
  readonly to: UnixMs;
  readonly signal?: AbortSignal | undefined;
}

const dayMs = 86_400_000;
const defaultLimits: QueryLimits = { series: 10_000, samples: 20_000_000, points: 11_000, spanMs: 400 * dayMs };
/** Series matched between two turns of the event loop. */
const seriesPerTurn = 500;
/**
 * How much time of a host is read at once: little where its batches are many, so that a long range neither fills the
 * memory nor holds up the others; much where they are few, so that empty months cost few statements.
 */
const readSpan = { leastMs: maxBatchSpanMs, mostMs: dayMs, fewBatches: 200, manyBatches: 400 } as const;

export function createQuery({
  storage,
  limits: someLimits = {},
}: {
  readonly storage: Pick<Storage, 'batches' | 'series'>;
  readonly limits?: Partial<QueryLimits>;
}): Query {
  const limits = { ...defaultLimits, ...someLimits };

  async function matching(
    scope: TenantScope,
    matchers: readonly Matcher[],
    signal?: AbortSignal,
  ): Promise<readonly SeriesRow[]> {
    const matches = compileMatchers(matchers);
    const series: SeriesRow[] = [];
    for (const [index, row] of (await storage.series.candidates(scope, matchers)).entries()) {
      if (matches(row)) series.push(row);
      if (index % seriesPerTurn === seriesPerTurn - 1) await nextTurn();
      signal?.throwIfAborted();
    }
    if (series.length > limits.series) {
      throw tooMuch('series', `${limits.series} series, got ${series.length}; narrow the selector`);
    }
    return series;
  }

  /** The samples of one host's series, by series number. */
  async function readHost(
    scope: TenantScope,
    series: readonly SeriesRow[],
    { from, to, count, signal }: { from: UnixMs; to: UnixMs; count: (read: number) => void; signal?: AbortSignal },
  ): Promise<ReadonlyMap<number, SeriesSamples>> {
    const collected = new Map(series.map((row) => [row.seriesId, new SeriesSamples()]));
    const hostId = series[0]?.hostId ?? -1;
    const columnsOf = await columnFinder(storage, scope, hostId, collected);
    let spanMs: number = readSpan.leastMs;
    for (let start = from; start <= to;) {
      signal?.throwIfAborted();
      const end = Math.min(to, start + spanMs - 1);
      const batches = await storage.batches.read(scope, [hostId], start, end);
      // A later run of an agent overrides an earlier one, whenever each was sent.
      for (const batch of batches.toSorted((a, b) => a.epoch - b.epoch || a.seq - b.seq)) {
        count(readBatch(batch, columnsOf, start, end));
      }
      if (batches.length <= readSpan.fewBatches) spanMs = Math.min(spanMs * 2, readSpan.mostMs);
      else if (batches.length > readSpan.manyBatches) spanMs = Math.max(spanMs / 2, readSpan.leastMs);
      start = end + 1;
    }
    return collected;
  }

  async function samples(
    scope: TenantScope,
    { matchers, from, to, signal }: SamplesRequest,
  ): Promise<readonly SeriesResult[]> {
    if (to - from > limits.spanMs) {
      throw tooMuch('span', `${limits.spanMs / dayMs} days from start to end, the step included`, 'start');
    }
    let read = 0;
    const count = (some: number): void => {
      read += some;
      if (read > limits.samples) {
        throw tooMuch('samples', `${limits.samples} samples; narrow the range or the selector`);
      }
    };
    const results: SeriesResult[] = [];
    const series = await matching(scope, matchers, signal);
    for (const ofHost of Map.groupBy(series, (row) => row.hostId).values()) {
      const collected = await readHost(scope, ofHost, {
        from,
        to,
        count,
        ...(signal === undefined ? {} : { signal }),
      });
      for (const row of ofHost) {
        const column = collected.get(row.seriesId)?.column();
        if (column !== undefined && column.times.length > 0) results.push({ series: row, column });
      }
    }
    return results;
  }

  return {
    series: matching,
    samples,

    async range(scope, { selector, start, end, stepMs, aggregation = 'last', signal }) {
      if (stepMs !== undefined && (end - start) / stepMs > limits.points) {
        throw tooMuch('points', `${limits.points} points per series; use a larger step`, 'step');
      }
      const from = stepMs === undefined ? start : start - lookBackMs(stepMs, aggregation);
      const raw = await samples(scope, { matchers: parseSelector(selector), from, to: end, signal });
      return raw.flatMap(({ series, column: all }) => {
        const kept = withoutStale(all);
        const column = stepMs === undefined ? kept : aggregate(kept, start, end, stepMs, aggregation);
        return column.times.length === 0 ? [] : [{ series, column }];
      });
    },
  };
}

function tooMuch(what: 'series' | 'points' | 'span' | 'samples', most: string, field = 'query'): TarsierError {
  return new TarsierError(
    what === 'span' ? 'query/too-long' : `query/too-many-${what}`,
    `${field}: expected at most ${most}`,
    { field },
  );
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
