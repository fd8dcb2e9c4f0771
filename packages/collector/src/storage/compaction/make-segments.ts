/** Hot file: batches of one host and schema to segments, one for each hour that they touch. `pnpm bench storage`. */
import { openPayload, type PayloadCursor, type UnixMs } from '@tarsier/protocol';
import { beginPieces, ByteWriter, encodeColumn, encodeRows, type BlockRows } from '@tarsier/protocol/chunk';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import type { BatchRecord } from '../batches.ts';
import { hourOf } from '../hours.ts';

/** Series by series, so that one can be read alone. */
export interface SeriesBytes {
  readonly head: Uint8Array;
  readonly seriesIds: readonly number[];
  /** One more than series: chunk i is bytes `offsets[i]` to `offsets[i + 1]` of `data`. */
  readonly offsets: readonly number[];
  readonly data: Uint8Array;
}

export interface NewSegment extends SeriesBytes {
  readonly hour: UnixMs;
  readonly t0: UnixMs;
  readonly t1: UnixMs;
  readonly rows: number;
  readonly schemaHash: Uint8Array;
}

/**
 * The columns go as they are, bytes and all: what is worth the work is done once, when the hour is sealed.
 *
 * @param batches    of one schema, by time
 * @param seriesIds  of its columns
 */
export function makeSegments(batches: readonly BatchRecord[], seriesIds: readonly number[]): NewSegment[] {
  return chains(batches.map((batch) => ({ batch, cursor: openPayload(batch.payload, zstdDecompress) }))).flatMap(
    (chain) => makeChain(chain, seriesIds),
  );
}

interface OpenBatch {
  readonly batch: BatchRecord;
  readonly cursor: PayloadCursor;
}

/** Batches that follow each other in time, apart from those of another run of the agent at the same time. */
function chains(batches: readonly OpenBatch[]): OpenBatch[][] {
  const found: OpenBatch[][] = [];
  for (const open of batches) {
    const chain = found.find((some) => (some.at(-1)?.batch.t1 ?? 0) < open.batch.t0);
    if (chain === undefined) found.push([open]);
    else chain.push(open);
  }
  return found;
}

/** The part of a segment that is of one hour. */
interface HourPart {
  readonly hour: UnixMs;
  readonly pieces: Piece[];
  readonly groups: { count: number; rows: number }[];
  readonly writer: ByteWriter;
  readonly offsets: number[];
}

/** Rows of one batch in one hour: the whole batch, but where it goes on into the next hour. */
interface Piece extends OpenBatch {
  readonly part: HourPart;
  readonly from: number;
  readonly to: number;
}

function makeChain(chain: readonly OpenBatch[], seriesIds: readonly number[]): NewSegment[] {
  const parts: HourPart[] = [];
  const piecesOf = chain.map((open) => splitByHour(open, parts));
  for (let column = 0; column < seriesIds.length; column++) {
    for (const { groups, writer } of parts) beginPieces(groups, writer);
    for (const pieces of piecesOf) {
      const [only] = pieces;
      if (only !== undefined && pieces.length === 1) only.cursor.copyNext(only.part.writer);
      else splitColumn(pieces);
    }
    for (const { writer, offsets } of parts) offsets.push(writer.length);
  }
  for (const { cursor } of chain) cursor.end();
  return parts.map(({ hour, pieces, writer, offsets }) => {
    const rows = rowsOf(pieces);
    const head = new ByteWriter();
    encodeRows(rows, head);
    return {
      hour,
      t0: rows.times[0] ?? 0,
      t1: rows.times.at(-1) ?? 0,
      rows: rows.times.length,
      schemaHash: chain[0]?.batch.schemaHash ?? new Uint8Array(),
      head: head.view(),
      seriesIds,
      offsets,
      data: writer.view(),
    };
  });
}

/** @param parts  of the hours so far; more are added */
function splitByHour(open: OpenBatch, parts: HourPart[]): Piece[] {
  const { times } = open.cursor;
  const pieces: Piece[] = [];
  for (let from = 0; from < times.length;) {
    const hour = hourOf(times[from] ?? 0);
    let to = from + 1;
    while (to < times.length && (times[to] ?? 0) <= hour) to++;
    let part = parts.at(-1);
    if (part?.hour !== hour) {
      parts.push((part = { hour, pieces: [], groups: [], writer: new ByteWriter(), offsets: [0] }));
    }
    const piece = { ...open, part, from, to };
    pieces.push(piece);
    part.pieces.push(piece);
    const group = part.groups.at(-1);
    if (group?.rows === to - from) group.count++;
    else part.groups.push({ count: 1, rows: to - from });
    from = to;
  }
  return pieces;
}

/** The next column of a batch that goes on into the next hour: a column for each. */
function splitColumn(pieces: readonly Piece[]): void {
  const cursor = pieces[0]?.cursor;
  if (cursor === undefined) return;
  const values = new Float64Array(cursor.times.length);
  let present: Uint8Array | undefined;
  cursor.next(values, () => (present ??= new Uint8Array(values.length).fill(1)));
  for (const { part, from, to } of pieces) {
    encodeColumn(values.subarray(from, to), present?.subarray(from, to), part.writer);
  }
}

function rowsOf(pieces: readonly Piece[]): BlockRows {
  const total = pieces.reduce((sum, { from, to }) => sum + to - from, 0);
  const [times, epochs, seqs] = [new Float64Array(total), new Float64Array(total), new Float64Array(total)];
  let next = 0;
  for (const { batch, cursor, from, to } of pieces) {
    times.set(cursor.times.subarray(from, to), next);
    epochs.fill(batch.epoch, next, next + to - from);
    seqs.fill(batch.seq, next, next + to - from);
    next += to - from;
  }
  return { times, epochs, seqs };
}
