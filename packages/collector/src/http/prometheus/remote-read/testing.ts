/** A client of remote_read for tests: asks as Prometheus does, and reads both kinds of answers. */
import { uncompress } from 'snappyjs';
import { join, message, text, varint } from '../../../receivers/remote-write/testing.ts';

/** Of a value the bits, so that one NaN is not another. */
export type ReadSample = readonly [time: number, bits: bigint];

export interface ReadSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly ReadSample[];
}

export interface AskedQuery {
  readonly from: number;
  readonly to: number;
  /** Label, type (0 `=`, 1 `!=`, 2 `=~`, 3 `!~`), value. */
  readonly matchers: readonly (readonly [label: string, type: number, value: string])[];
}

/** @param accepted  kinds of answers: 0 samples, 1 chunks */
export function readRequest(queries: readonly AskedQuery[], accepted: readonly number[] = []): Uint8Array {
  return join([
    ...queries.map(({ from, to, matchers }) =>
      message(1, [
        ...number(1, from),
        ...number(2, to),
        ...matchers.map(([label, type, value]) => message(3, [...number(1, type), text(2, label), text(3, value)])),
      ]),
    ),
    ...accepted.flatMap((kind) => number(2, kind)),
  ]);
}

/** Of an answer in one message. @returns series of each query */
export function samplesOf(packed: Uint8Array): ReadSeries[][] {
  return fieldsOf(new Uint8Array(uncompress(packed))).map(({ bytes: result }) =>
    fieldsOf(result).map(({ bytes: series }) => {
      const fields = fieldsOf(series);
      const samples = fields.filter(({ field }) => field === 2).map(({ bytes }) => fieldsOf(bytes));
      return {
        labels: labelsOf(fields),
        samples: samples.map((sample): ReadSample => [Number(numberOf(sample, 2)), numberOf(sample, 1)]),
      };
    }),
  );
}

/** Of a stream of frames. @returns series of each query, put together of their frames; and how many frames there were */
export function chunksOf(stream: Uint8Array): { readonly results: ReadSeries[][]; readonly frames: number } {
  const results: { labels: Readonly<Record<string, string>>; samples: ReadSample[] }[][] = [];
  let frames = 0;
  for (let at = 0; at < stream.length; frames++) {
    const { value: length, end } = varintAt(stream, at);
    const content = stream.subarray(end + 4, end + 4 + Number(length));
    const sum = new DataView(stream.buffer, stream.byteOffset + end).getUint32(0);
    if (sum !== crc32c(content)) throw new Error(`frame ${frames}: expected the sum ${crc32c(content)}, got ${sum}`);
    at = end + 4 + Number(length);
    const fields = fieldsOf(content);
    const ofQuery = (results[Number(numberOf(fields, 2))] ??= []);
    for (const { bytes } of fields.filter(({ field }) => field === 1)) {
      const series = fieldsOf(bytes);
      const labels = labelsOf(series);
      const samples = series
        .filter(({ field }) => field === 2)
        .flatMap(({ bytes: chunk }) => samplesOfChunk(fieldsOf(chunk).find(({ field }) => field === 4)?.bytes));
      const last = ofQuery.at(-1);
      if (last !== undefined && JSON.stringify(last.labels) === JSON.stringify(labels)) last.samples.push(...samples);
      else ofQuery.push({ labels, samples });
    }
  }
  return { results, frames };
}

/** What a chunk of `chunkenc.XORChunk` holds. */
export function samplesOfChunk(chunk: Uint8Array = new Uint8Array()): ReadSample[] {
  let at = 16;
  const take = (count: number): bigint => {
    let value = 0n;
    for (let bit = 0; bit < count; bit++, at++) {
      value = value * 2n + BigInt(((chunk[at >>> 3] ?? 0) >>> (7 - (at & 7))) & 1);
    }
    return value;
  };
  const takeVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = take(8);
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return value;
    }
  };
  const count = (chunk[0] ?? 0) * 256 + (chunk[1] ?? 0);
  const samples: ReadSample[] = [];
  let [time, distance, bits] = [0n, 0n, 0n];
  let [leading, meaningful] = [0, 0];
  for (let row = 0; row < count; row++) {
    if (row === 0) {
      const zigzag = takeVarint();
      time = zigzag % 2n === 0n ? zigzag / 2n : -(zigzag + 1n) / 2n;
      bits = take(64);
    } else {
      if (row === 1) distance = takeVarint();
      else {
        let size = 0;
        if (take(1) === 1n) size = take(1) === 0n ? 14 : take(1) === 0n ? 17 : take(1) === 0n ? 20 : 64;
        const raw = take(size);
        distance += size > 0 && raw > 2n ** BigInt(size - 1) ? raw - 2n ** BigInt(size) : raw;
      }
      time += distance;
      if (take(1) === 1n) {
        if (take(1) === 1n) {
          leading = Number(take(5));
          meaningful = Number(take(6)) || 64;
        }
        bits ^= take(meaningful) << BigInt(64 - leading - meaningful);
      }
    }
    samples.push([Number(time), bits]);
  }
  return samples;
}

export function bitsOfValue(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0] ?? 0n;
}

interface Field {
  readonly field: number;
  readonly value: bigint;
  readonly bytes: Uint8Array;
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const { value: tag, end } = varintAt(bytes, at);
    const [field, wireType] = [Number(tag >> 3n), Number(tag & 7n)];
    if (wireType === 1) {
      const value = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(end, true);
      fields.push({ field, value, bytes: new Uint8Array() });
      at = end + 8;
      continue;
    }
    const number = varintAt(bytes, end);
    if (wireType === 0) {
      fields.push({ field, value: BigInt.asIntN(64, number.value), bytes: new Uint8Array() });
      at = number.end;
    } else if (wireType === 2) {
      at = number.end + Number(number.value);
      fields.push({ field, value: 0n, bytes: bytes.subarray(number.end, at) });
    } else throw new Error(`field ${field} has wire type ${wireType}`);
  }
  return fields;
}

function numberOf(fields: readonly Field[], wanted: number): bigint {
  return fields.find(({ field }) => field === wanted)?.value ?? 0n;
}

function labelsOf(fields: readonly Field[]): Record<string, string> {
  const textOf = (label: readonly Field[], wanted: number): string =>
    new TextDecoder().decode(label.find(({ field }) => field === wanted)?.bytes);
  return Object.fromEntries(
    fields
      .filter(({ field }) => field === 1)
      .map(({ bytes }) => fieldsOf(bytes))
      .map((label) => [textOf(label, 1), textOf(label, 2)]),
  );
}

function varintAt(bytes: Uint8Array, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let at = start; ; at++) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
}

/** Bit by bit, with Castagnoli's polynomial. */
function crc32c(bytes: Uint8Array): number {
  let sum = 0xffff_ffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f6_3b78 : 0);
  }
  return ~sum >>> 0;
}

function number(field: number, value: number): Uint8Array[] {
  return [varint(field * 8), varint(value)];
}
