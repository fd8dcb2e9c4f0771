/** Hot file: batches of one host and schema to segments, one for each hour that they touch. `pnpm bench storage`. */
import { openPayload, type UnixMs } from '@tarsier/protocol';
import { ByteWriter, encodeColumn, encodeRows } from '@tarsier/protocol/chunk';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import type { BatchRecord } from '../batches.ts';
import { hourOf } from '../hours.ts';
import { inOrder, maskInOrder, mergeRows } from './merge-rows.ts';

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
 * @param batches    of one schema, by time
 * @param seriesIds  of its columns
 */
export function makeSegments(batches: readonly BatchRecord[], seriesIds: readonly number[]): NewSegment[] {
  const cursors = batches.map(({ payload }) => openPayload(payload, zstdDecompress));
  const merged = mergeRows(
    batches.map(({ epoch, seq }, at) => {
      const times = cursors[at]?.times ?? new Float64Array();
      return { times, epochs: fill(times.length, epoch), seqs: fill(times.length, seq) };
    }),
  );
  const parts = partsByHour(merged.times);
  const total = cursors.reduce((sum, { times }) => sum + times.length, 0);
  const values = new Float64Array(total);
  const present = new Uint8Array(total);
  for (let column = 0; column < seriesIds.length; column++) {
    present.fill(1);
    let gaps = false;
    let row = 0;
    for (const cursor of cursors) {
      const end = row + cursor.times.length;
      const from = row;
      cursor.next(values.subarray(from, end), () => {
        gaps = true;
        return present.subarray(from, end);
      });
      row = end;
    }
    const sorted = inOrder(values, merged.order);
    const mask = gaps ? maskInOrder(present, merged.order) : undefined;
    for (const { from, to, writer, offsets } of parts) {
      encodeColumn(sorted.subarray(from, to), mask?.subarray(from, to), writer);
      offsets.push(writer.length);
    }
  }
  for (const cursor of cursors) cursor.end();
  return parts.map(({ hour, from, to, writer, offsets }) => {
    const head = new ByteWriter();
    encodeRows(
      {
        times: merged.times.subarray(from, to),
        epochs: merged.epochs.subarray(from, to),
        seqs: merged.seqs.subarray(from, to),
      },
      head,
    );
    return {
      hour,
      t0: merged.times[from] ?? 0,
      t1: merged.times[to - 1] ?? 0,
      rows: to - from,
      schemaHash: batches[0]?.schemaHash ?? new Uint8Array(),
      head: head.view(),
      seriesIds,
      offsets,
      data: writer.view(),
    };
  });
}

interface Part {
  readonly hour: UnixMs;
  readonly from: number;
  readonly to: number;
  readonly writer: ByteWriter;
  readonly offsets: number[];
}

/** @param times  ascending */
function partsByHour(times: Float64Array): Part[] {
  const parts: Part[] = [];
  for (let from = 0; from < times.length;) {
    const hour = hourOf(times[from] ?? 0);
    let to = from + 1;
    while (to < times.length && (times[to] ?? 0) <= hour) to++;
    parts.push({ hour, from, to, writer: new ByteWriter(), offsets: [0] });
    from = to;
  }
  return parts;
}

function fill(length: number, value: number): Float64Array {
  return new Float64Array(length).fill(value);
}
