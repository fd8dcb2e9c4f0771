/** Hot file: what is answered to remote_read, as messages of `prometheus.prompb`. */
import type { SeriesColumn } from '@tarsier/protocol';
import { ByteWriter } from '@tarsier/protocol/chunk';
import type { LabelSet } from '../../../query/label-set.ts';
import { encodeXorChunk, samplesPerChunk } from './xor-chunk.ts';

const text = new TextEncoder();
/** `Chunk.Encoding.XOR` */
const xorEncoding = 1;
/** A frame ends with the chunk that makes it longer, as in Prometheus: 1 MiB of chunks is ten hours at one a second. */
const frameBytes = 2 ** 20;

/** Appends `QueryResult.timeseries`: labels and samples. */
export function writeTimeSeries(result: ByteWriter, labels: LabelSet, { times, values }: SeriesColumn): void {
  const series = new ByteWriter();
  writeLabels(series, labels);
  // Copied as bytes: a staleness marker must stay that very NaN.
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (const [row, time] of times.entries()) {
    series.byte(tag(2, 2));
    series.varint(9 + 1 + int64Bytes(time));
    series.byte(tag(1, 1));
    series.copy(bytes, row * 8, row * 8 + 8);
    writeInt64(series, 2, time);
  }
  writeBytes(result, 1, series.view());
}

/** `ReadResponse`, of a result for each query. */
export function readResponse(results: readonly ByteWriter[]): Uint8Array {
  const response = new ByteWriter();
  for (const result of results) writeBytes(response, 1, result.view());
  return response.view();
}

/**
 * A series' chunks in as many frames as they take: each a `ChunkedReadResponse` after its length (LEB128) and its
 * CRC-32C (four bytes, highest first).
 *
 * @param query  which of the request's queries they are for
 */
export function* chunkFrames(query: number, labels: LabelSet, column: SeriesColumn): Generator<Uint8Array> {
  const series = new ByteWriter();
  writeLabels(series, labels);
  const labelBytes = series.length;
  for (let from = 0; from < column.times.length; from += samplesPerChunk) {
    const to = Math.min(from + samplesPerChunk, column.times.length);
    writeChunk(series, column, from, to);
    if (series.length < frameBytes && to < column.times.length) continue;
    yield frame(query, series.view());
    series.length = labelBytes;
  }
}

function writeChunk(series: ByteWriter, column: SeriesColumn, from: number, to: number): void {
  const chunk = new ByteWriter();
  writeInt64(chunk, 1, column.times[from] ?? 0);
  writeInt64(chunk, 2, column.times[to - 1] ?? 0);
  writeInt64(chunk, 3, xorEncoding);
  writeBytes(chunk, 4, encodeXorChunk(column, from, to));
  writeBytes(series, 2, chunk.view());
}

function frame(query: number, series: Uint8Array): Uint8Array {
  const message = new ByteWriter();
  writeBytes(message, 1, series);
  if (query > 0) writeInt64(message, 2, query);
  const framed = new ByteWriter();
  framed.varint(message.length);
  const sum = crc32c(message.view());
  for (let shift = 24; shift >= 0; shift -= 8) framed.byte((sum >>> shift) & 0xff);
  framed.raw(message.view());
  return framed.view();
}

function writeLabels(series: ByteWriter, labels: LabelSet): void {
  for (const [name, value] of labels.entries()) {
    const label = new ByteWriter();
    writeBytes(label, 1, text.encode(name));
    writeBytes(label, 2, text.encode(value));
    writeBytes(series, 1, label.view());
  }
}

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}

function writeBytes(writer: ByteWriter, field: number, bytes: Uint8Array): void {
  writer.byte(tag(field, 2));
  writer.varint(bytes.byteLength);
  writer.raw(bytes);
}

/** Times before 1970 are two's complement of 64 bits, ten bytes. */
function writeInt64(writer: ByteWriter, field: number, value: number): void {
  writer.byte(tag(field, 0));
  if (value >= 0) {
    writer.varint(value);
    return;
  }
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) writer.byte(Number(rest & 0x7fn) | 0x80);
  writer.byte(Number(rest));
}

function int64Bytes(value: number): number {
  if (value < 0) return 10;
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** Castagnoli's polynomial, bits reversed. */
const polynomial = 0x82f6_3b78;
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ ((sum & 1) === 1 ? polynomial : 0);
  return sum;
});

/** Node's own is of another polynomial. */
function crc32c(bytes: Uint8Array): number {
  let sum = 0xffff_ffff;
  for (const byte of bytes) sum = (sum >>> 8) ^ (table[(sum ^ byte) & 0xff] ?? 0);
  return (sum ^ 0xffff_ffff) >>> 0;
}
