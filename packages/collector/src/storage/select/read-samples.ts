/** Reads series' samples from wherever they are kept at the moment: blocks, segments, batches. */
import { openPayload, type SeriesColumn, type UnixMs } from '@tarsier/protocol';
import { ByteReader, decodeChunk, decodeRows } from '@tarsier/protocol/chunk';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import { EventTurn } from '../../event-turn.ts';
import { freshRoom, type SampleRoom } from '../../sample-room.ts';
import type { TenantScope } from '../../tenant.ts';
import { maxBatchSpanMs } from '../batches.ts';
import type { WantedHosts } from '../compaction/wanted-hosts.ts';
import type { Scoped, Statement } from '../scoped-pool.ts';
import { dayMs, hourMs, hourOf } from '../hours.ts';
import type { SeriesRow } from '../series-catalog.ts';
import type { SeriesState } from '../series-index/series-index.ts';
import { PieceJoiner, type Piece } from './pieces.ts';
import type { RowTimes } from './row-times.ts';
import type { SchemaColumns } from './schema-columns.ts';

export interface SampleRange {
  readonly from: UnixMs;
  /** Included. */
  readonly to: UnixMs;
  /** Told how many samples were read, as they are; may throw to end the work. */
  readonly onRead?: ((samples: number) => void) | undefined;
  /** Ends the work when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
  /** Where samples are put; what is read is then good until it is closed. */
  readonly room?: SampleRoom | undefined;
}

/** What reads need besides what is asked for. */
export interface SampleSource {
  readonly reads: Scoped;
  readonly schemas: SchemaColumns;
  readonly rowTimes: RowTimes;
  readonly wanted: Pick<WantedHosts, 'readBatches'>;
}

/** A row of the one statement: a batch, or a chunk of a series. */
interface StoredRow {
  readonly host_id: number;
  /** Absent for a batch. */
  readonly series_id: number | null;
  readonly epoch: number | null;
  readonly seq: number | null;
  readonly schema_hash: Uint8Array | null;
  readonly head: Uint8Array | null;
  readonly body: Uint8Array;
}

/** Beside them, where that is asked: the newest series' number as `seq`, what was deleted as `epoch`. */
const stateRow = 0;

/** Series asked for in one statement. */
const seriesPerStatement = 500;
/** How much time is read at once: much where there is little, so that an empty year costs few statements. */
const span = { firstMs: 6 * hourMs, leastMs: hourMs, mostMs: 32 * dayMs, fewRows: 1_000, manyRows: 4_000 } as const;
/**
 * As {@link readSamples}, of series that were known as of a state: one statement looks whether it still is that, and
 * reads.
 *
 * @returns undefined where the tenant's series are others by now
 */
export async function readSamplesAsOf(
  source: SampleSource,
  scope: TenantScope,
  series: readonly SeriesRow[],
  range: SampleRange,
  asOf: SeriesState,
): Promise<Map<number, SeriesColumn> | undefined> {
  try {
    return await readSamples(source, scope, series, range, asOf);
  } catch (error) {
    if (error instanceof OutdatedSeries) return undefined;
    throw error;
  }
}

class OutdatedSeries extends Error {}

/**
 * All in one statement, so that it sees each sample exactly once, whatever compaction does meanwhile: what it moves
 * from one table to the other, it moves in one transaction.
 *
 * @returns by series number; series without a sample are left out
 */
export async function readSamples(
  { reads, schemas, rowTimes, wanted }: SampleSource,
  scope: TenantScope,
  series: readonly SeriesRow[],
  { from, to, onRead, signal, room = freshRoom() }: SampleRange,
  asOf?: SeriesState,
): Promise<Map<number, SeriesColumn>> {
  let unchecked = asOf;
  const found = new Map<number, SeriesColumn>();
  const joiner = new PieceJoiner(room);
  for (let first = 0; first < series.length; first += seriesPerStatement) {
    const some = series.slice(first, first + seriesPerStatement);
    const pieces = new Map<number, Piece[]>(some.map(({ seriesId }) => [seriesId, []]));
    let spanMs: number = span.firstMs;
    for (let start = from; start <= to;) {
      signal?.throwIfAborted();
      const end = Math.min(to, start + spanMs - 1);
      const rows = await reads.run(scope, readRows(scope, some, start, end, unchecked !== undefined), signal);
      if (unchecked !== undefined) requireState(rows.pop(), unchecked);
      unchecked = undefined;
      tellBatches(wanted, scope, rows);
      const decoder = new RowDecoder({ schemas, rowTimes, room, joiner }, scope, pieces, start, end);
      const turn = new EventTurn();
      for (const row of rows) {
        const samples = await decoder.add(row);
        onRead?.(samples);
        if (!turn.isOver()) continue;
        await turn.next();
        signal?.throwIfAborted();
      }
      if (rows.length <= span.fewRows) spanMs = Math.min(spanMs * 2, span.mostMs);
      else if (rows.length > span.manyRows) spanMs = Math.max(spanMs / 2, span.leastMs);
      start = end + 1;
    }
    const turn = new EventTurn();
    for (const [seriesId, ofSeries] of pieces) {
      if (turn.isOver()) await turn.next();
      const column = joiner.join(ofSeries);
      if (column.times.length > 0) found.set(seriesId, column);
    }
  }
  return found;
}

/** @param row  the last one of a statement that was asked for it; a tenant that is gone has none */
function requireState(row: StoredRow | undefined, { version, last }: SeriesState): void {
  if (row?.host_id !== stateRow || row.epoch !== version || row.seq !== last) throw new OutdatedSeries();
}

function tellBatches(wanted: SampleSource['wanted'], { tenantId }: TenantScope, rows: readonly StoredRow[]): void {
  const batches = new Map<number, number>();
  for (const { host_id, series_id } of rows) {
    if (series_id === null) batches.set(host_id, (batches.get(host_id) ?? 0) + 1);
  }
  for (const [hostId, count] of batches) wanted.readBatches({ tenantId, hostId }, count);
}

function readRows(
  { tenantId }: TenantScope,
  series: readonly SeriesRow[],
  from: UnixMs,
  to: UnixMs,
  withState: boolean,
): Statement<StoredRow[]> {
  const hostIds = [...new Set(series.map(({ hostId }) => hostId))];
  const [firstHour, lastHour] = [hourOf(from), hourOf(to)];
  const ofHost = series.map(({ hostId }) => hostId);
  const ids = series.map(({ seriesId }) => seriesId);
  return (sql) => sql<StoredRow[]>`
    with wanted as materialized (
      select * from unnest(${ofHost}::int[], ${ids}::int[]) as w(host_id, series_id)
    )
    select host_id, null::int as series_id, epoch, seq, schema_hash, null::bytea as head, payload as body
    from batch
    where tenant_id = ${tenantId} and host_id = any(${hostIds}::int[])
      and t0 between ${from - maxBatchSpanMs} and ${to} and t1 >= ${from}
    union all
    select s.host_id, w.series_id, null, null, null, s.head,
      substring(s.data from s.offsets[p] + 1 for s.offsets[p + 1] - s.offsets[p])
    from wanted w
    join segment s on s.tenant_id = ${tenantId} and s.host_id = w.host_id and s.host_id = any(${hostIds}::int[])
      and s.hour between ${firstHour} and ${lastHour} and s.t0 <= ${to} and s.t1 >= ${from}
    cross join lateral array_position(s.series_ids, w.series_id) as p
    where p is not null
    union all
    select b.host_id, w.series_id, null, null, null, b.head,
      substring(b.data from b.offsets[p] + 1 for b.offsets[p + 1] - b.offsets[p])
    from wanted w
    join block b on b.tenant_id = ${tenantId} and b.host_id = w.host_id and b.host_id = any(${hostIds}::int[])
      and b.hour between ${firstHour} and ${lastHour}
    cross join lateral array_position(b.series_ids, w.series_id) as p
    where p is not null
    ${
      withState
        ? sql`
    union all
    select ${stateRow}::int, null, series_version, next_series_id - 1, null, null, null
    from tenant where tenant_id = ${tenantId}`
        : sql``
    }`;
}

interface DecoderParts extends Pick<SampleSource, 'schemas' | 'rowTimes'> {
  readonly room: SampleRoom;
  readonly joiner: PieceJoiner;
}

class RowDecoder {
  readonly #parts: DecoderParts;
  readonly #scope: TenantScope;
  readonly #pieces: ReadonlyMap<number, Piece[]>;
  readonly #from: UnixMs;
  readonly #to: UnixMs;
  /** Series of one host share the times of their block: those of the row before are mostly those of the next. */
  #head: Uint8Array = new Uint8Array();
  #times: Float64Array = new Float64Array();

  constructor(parts: DecoderParts, scope: TenantScope, pieces: ReadonlyMap<number, Piece[]>, from: UnixMs, to: UnixMs) {
    this.#parts = parts;
    this.#scope = scope;
    this.#pieces = pieces;
    this.#from = from;
    this.#to = to;
  }

  /** @returns samples read */
  async add(row: StoredRow): Promise<number> {
    if (row.series_id === null || row.head === null) return this.#addBatch(row);
    const times = this.#timesOf(row.head);
    const values = this.#parts.room.take(times.length);
    let present: Uint8Array | undefined;
    decodeChunk(new ByteReader(row.body), values, () => (present ??= new Uint8Array(times.length).fill(1)));
    const { head } = row;
    const origins = () => decodeRows(new ByteReader(head));
    return this.#keep(row.series_id, { times, values, ...(present === undefined ? {} : { present }), origins });
  }

  #timesOf(head: Uint8Array): Float64Array {
    if (Buffer.compare(head, this.#head) !== 0) {
      this.#head = head;
      this.#times = this.#parts.rowTimes.of(head);
    }
    return this.#times;
  }

  async #addBatch({ host_id, epoch, seq, schema_hash, body }: StoredRow): Promise<number> {
    if (schema_hash === null) return 0;
    const seriesIds = await this.#parts.schemas.of(this.#scope, host_id, schema_hash);
    const wanted = seriesIds.reduce((count, id) => count + (this.#pieces.has(id) ? 1 : 0), 0);
    const cursor = openPayload(body, zstdDecompress);
    const { times } = cursor;
    const origins = () => ({
      epochs: new Float64Array(times.length).fill(epoch ?? 0),
      seqs: new Float64Array(times.length).fill(seq ?? 0),
    });
    const skipped = new Float64Array(times.length);
    const ignored = new Uint8Array(times.length);
    let read = 0;
    for (let column = 0, left = wanted; left > 0; column++) {
      const seriesId = seriesIds[column] ?? -1;
      if (!this.#pieces.has(seriesId)) {
        cursor.next(skipped, () => ignored);
        continue;
      }
      left--;
      const values = this.#parts.room.take(times.length);
      let present: Uint8Array | undefined;
      cursor.next(values, () => (present ??= new Uint8Array(times.length).fill(1)));
      read += this.#keep(seriesId, { times, values, ...(present === undefined ? {} : { present }), origins });
    }
    return read;
  }

  #keep(seriesId: number, whole: Piece): number {
    const piece = this.#parts.joiner.cut(whole, this.#from, this.#to);
    if (piece === undefined) return 0;
    this.#pieces.get(seriesId)?.push(piece);
    return piece.times.length;
  }
}
