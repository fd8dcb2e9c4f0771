/** Hot file: the segments of one host's hour to its block and rollups. `pnpm bench storage` shows what it costs. */
import type { SeriesColumn } from '@tarsier/protocol';
import {
  ByteReader,
  ByteWriter,
  coarsen,
  decodeChunk,
  decodeRollup,
  decodeRollupHead,
  decodeRows,
  emptyRollup,
  encodeChunk,
  encodeRollup,
  encodeRollupHead,
  encodeRows,
  overlay,
  rollUp,
  type Rollup,
  type RollupHead,
} from '@tarsier/protocol/chunk';
import { latestOfEachTime } from '../columns.ts';
import { hourMs, minuteMs } from '../hours.ts';
import { withoutStale } from '../staleness.ts';
import type { SeriesBytes } from './make-segments.ts';
import { inOrder, maskInOrder, mergeRows } from './merge-rows.ts';

export interface HourOfHost {
  readonly block: SeriesBytes & { readonly rows: number };
  readonly minutes: SeriesBytes;
  /** One bucket, or none, for each series of `minutes`; for the rollups by hour. */
  readonly hours: ReadonlyMap<number, Rollup>;
  /** Times of the hour's rows as a bucket. */
  readonly hourHead: RollupHead;
}

/**
 * @param sources    the hour's segments, and its block as it was
 * @param isCounter  of a series
 */
export function makeBlock(sources: readonly SeriesBytes[], isCounter: (seriesId: number) => boolean): HourOfHost {
  const rowsOf = sources.map(({ head }) => decodeRows(new ByteReader(head)));
  const merged = mergeRows(rowsOf);
  const positions = sources.map(({ seriesIds }) => new Map(seriesIds.map((id, at) => [id, at])));
  const all = [...new Set(sources.flatMap(({ seriesIds }) => seriesIds))].toSorted((a, b) => a - b);
  const total = rowsOf.reduce((sum, { times }) => sum + times.length, 0);

  const block = new SeriesWriter(blockWriter);
  const minutes = new SeriesWriter(minutesWriter);
  const hours = new Map<number, Rollup>();
  const minuteHead = headOf(merged.times, minuteMs);
  const values = new Float64Array(total);
  const present = new Uint8Array(total);
  for (const seriesId of all) {
    present.fill(1);
    let gaps = false;
    let row = 0;
    for (const [at, source] of sources.entries()) {
      const from = row;
      row += rowsOf[at]?.times.length ?? 0;
      const position = positions[at]?.get(seriesId);
      if (position === undefined) {
        gaps = true;
        present.fill(0, from, row);
        continue;
      }
      const to = row;
      decodeChunk(new ByteReader(bytesAt(source, position)), values.subarray(from, to), () => {
        gaps = true;
        return present.subarray(from, to);
      });
    }
    const sorted = inOrder(values, merged.order);
    const mask = gaps ? maskInOrder(present, merged.order) : undefined;
    const column: SeriesColumn = latestOfEachTime(merged.times, sorted, mask);
    if (column.times.length === 0) continue;
    encodeChunk(sorted, mask, block.writer);
    block.end(seriesId);
    const rollup = rollUp(withoutStale(column), minuteMs, isCounter(seriesId));
    encodeRollup(rollup, minuteHead, minutes.writer);
    minutes.end(seriesId);
    hours.set(seriesId, coarsen(rollup, hourMs));
  }
  const blockHead = new ByteWriter();
  encodeRows(merged, blockHead);
  return {
    block: { ...block.bytes(blockHead), rows: merged.times.length },
    minutes: minutes.bytes(written(minuteHead)),
    hours,
    hourHead: headOf(merged.times, hourMs),
  };
}

/**
 * The hour put among the other hours of its day, in place of what was there for it.
 *
 * @param day  as it was; absent when this is its first hour
 */
export function mergeIntoDay(day: SeriesBytes | undefined, { hours, hourHead }: HourOfHost): SeriesBytes {
  const former = new Map<number, Rollup>();
  let head = hourHead;
  if (day !== undefined) {
    const formerHead = decodeRollupHead(new ByteReader(day.head));
    for (const [at, seriesId] of day.seriesIds.entries()) {
      former.set(seriesId, decodeRollup(new ByteReader(bytesAt(day, at)), formerHead));
    }
    head = { width: hourMs, ...overlay(asRollup(formerHead), asRollup(hourHead)) };
  }
  const writer = new SeriesWriter(dayWriter);
  for (const seriesId of [...new Set([...former.keys(), ...hours.keys()])].toSorted((a, b) => a - b)) {
    const [under, over] = [former.get(seriesId), hours.get(seriesId)];
    const rollup = under === undefined ? over : over === undefined ? under : overlay(under, over);
    if (rollup === undefined) continue;
    encodeRollup(rollup, head, writer.writer);
    writer.end(seriesId);
  }
  return writer.bytes(written(head));
}

/** Kept from hour to hour: growing to some hundred kilobytes is half of what it takes to fill them. */
const [blockWriter, minutesWriter, dayWriter] = [new ByteWriter(), new ByteWriter(), new ByteWriter()];

/** Chunk after chunk into one piece. */
class SeriesWriter {
  readonly writer: ByteWriter;
  readonly #seriesIds: number[] = [];
  readonly #offsets: number[] = [0];

  constructor(writer: ByteWriter) {
    writer.reset();
    this.writer = writer;
  }

  /** What was written since the last one is that series'. */
  end(seriesId: number): void {
    this.#seriesIds.push(seriesId);
    this.#offsets.push(this.writer.length);
  }

  bytes(head: ByteWriter): SeriesBytes {
    return { head: head.view(), seriesIds: this.#seriesIds, offsets: this.#offsets, data: this.writer.view().slice() };
  }
}

function bytesAt({ data, offsets }: SeriesBytes, at: number): Uint8Array {
  return data.subarray(offsets[at], offsets[at + 1]);
}

function headOf(times: Float64Array, width: number): RollupHead {
  const column = latestOfEachTime(times, times, undefined);
  return { width, ...rollUp(column, width, false) };
}

function asRollup({ ends, count, firstAt, lastAt }: RollupHead): Rollup {
  return { ...emptyRollup(ends.length, false), ends, count, firstAt, lastAt };
}

function written(head: RollupHead): ByteWriter {
  const writer = new ByteWriter();
  encodeRollupHead(head, writer);
  return writer;
}
