import { TarsierError } from './errors.ts';

/** Bytes that do not follow the wire format. `code` is `batch/…`; never worth a retry. */
export class BatchError extends TarsierError {}

const initialBytes = 1024;

/** Grows as it is written to; reusable through {@link ByteWriter.reset}. */
export class ByteWriter {
  #bytes = new Uint8Array(initialBytes);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  reset(): void {
    this.length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  /** LEB128. @param value  a whole number, 0 <= value <= 2^53 - 1 */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    // Bit operations are several times faster than division, but hold 31 bits only.
    while (rest > 0x7fffffff) {
      this.#bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.length++] = rest;
  }

  /** Small magnitudes in few bytes, whatever the sign. @param value  a whole number, |value| < 2^52 */
  zigzag(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.byteLength;
  }

  /** {@link ByteWriter.raw} of a few bytes: without a view, and a loop where a call to copy costs more. */
  copy(bytes: Uint8Array, begin: number, end: number): void {
    this.#reserve(end - begin);
    const target = this.#bytes;
    let to = this.length;
    for (let at = begin; at < end; at++) target[to++] = bytes[at] ?? 0;
    this.length = to;
  }

  /** What was written, valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.byteLength * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads what {@link ByteWriter} wrote; every read past the end throws `batch/truncated`. */
export class ByteReader {
  /** All of them; for loops that are too hot for a call per byte. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.byteLength - this.offset;
  }

  byte(): number {
    const value = this.bytes[this.offset];
    if (value === undefined) throw truncated(this.bytes.byteLength);
    this.offset++;
    return value;
  }

  /** @throws {BatchError} `batch/truncated`; `batch/varint` above 2^53 - 1 */
  varint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (let read = 1; read < 8; read++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new BatchError('batch/varint', `byte ${this.offset}: expected a whole number up to 2^53 - 1`);
  }

  zigzag(): number {
    return fromZigzag(this.varint());
  }

  float64(): number {
    if (this.remaining < 8) throw truncated(this.bytes.byteLength);
    const value = this.#view.getFloat64(this.offset, true);
    this.offset += 8;
    return value;
  }

  /** A view, not a copy. */
  raw(length: number): Uint8Array {
    if (length > this.remaining) throw truncated(this.bytes.byteLength);
    const view = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    return view;
  }

  /** The next byte, left where it is; 0 at the end. */
  peek(): number {
    return this.bytes[this.offset] ?? 0;
  }

  /** Moves over a varint. @throws {BatchError} `batch/truncated` */
  skipVarint(): void {
    const bytes = this.bytes;
    let at = this.offset;
    while ((bytes[at] ?? 0) >= 0x80) at++;
    if (at >= bytes.length) throw truncated(bytes.length);
    this.offset = at + 1;
  }

  /** Writes what was read since `begin`. */
  copyTo(writer: ByteWriter, begin: number): void {
    writer.copy(this.bytes, begin, this.offset);
  }

  /** @throws {BatchError} `batch/trailing` when bytes are left */
  end(): void {
    if (this.remaining > 0) throw new BatchError('batch/trailing', `${this.remaining} bytes follow the last column`);
  }
}

export function fromZigzag(value: number): number {
  // Bit operations are several times faster than a remainder, but hold 31 bits only.
  if (value < 0x80000000) return (value >>> 1) ^ -(value & 1);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function truncated(length: number): BatchError {
  return new BatchError('batch/truncated', `the data ends after ${length} bytes, in the middle of a value`);
}
