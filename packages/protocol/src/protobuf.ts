/**
 * Hot file: reads Protocol Buffers, strictly. The npm package `pbf` was looked at and left: it takes a string that ends
 * early, or a message that reaches beyond its parent, as if they were whole.
 */
import { TarsierError } from './errors.ts';

/** Bytes that are no Protocol Buffers message. `code` is `protobuf/…`; never worth a retry. */
export class ProtobufError extends TarsierError {}

const wireTypes = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;
const twoTo32 = 2 ** 32;
const text = new TextDecoder();

/**
 * One message, field by field. 64-bit integers come as numbers: exact up to 2^53, the nearest double above.
 *
 * ```ts
 * while (reader.next()) {
 *   if (reader.field === 1) name = reader.string();
 *   else reader.skip();
 * }
 * ```
 *
 * Every method throws a {@link ProtobufError}: `protobuf/truncated` when the message ends within a value,
 * `protobuf/malformed` when a value is of another wire type than asked for.
 */
export class ProtobufReader {
  /** Number of the field that {@link next} came to. */
  field = 0;
  #wireType = 0;
  #low = 0;
  #high = 0;
  #offset: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.byteLength) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = start;
    this.#end = end;
  }

  /** Whether the field's value is length-delimited: a string, a message, or repeated numbers packed together. */
  get isLengthDelimited(): boolean {
    return this.#wireType === wireTypes.lengthDelimited;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#end;
  }

  /** Where it has come to in the bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** Goes on to the next field. @returns false at the end */
  next(): boolean {
    if (this.isAtEnd) return false;
    const tag = this.#unsigned();
    this.field = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (this.field === 0 || tag >= twoTo32) throw malformed(`a field number, got tag ${tag}`);
    return true;
  }

  /** An unsigned integer, bool or enum. */
  uint(): number {
    this.#expect(wireTypes.varint, 'a varint');
    return this.#unsigned();
  }

  /** A signed integer in two's complement. */
  int(): number {
    this.#expect(wireTypes.varint, 'a varint');
    this.#readVarint();
    return (this.#high | 0) * twoTo32 + this.#low;
  }

  /** As {@link int}, but in decimal digits where a number would not be exact: for what is an identifier. */
  exactInt(): number | string {
    const value = this.int();
    if (Number.isSafeInteger(value)) return value;
    return String(BigInt(this.#high | 0) * 0x1_0000_0000n + BigInt(this.#low));
  }

  /** A signed integer in zigzag form, of at most 32 bits. */
  sint32(): number {
    const value = this.uint() % twoTo32;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  fixed64(): number {
    this.#expect(wireTypes.fixed64, '8 bytes');
    return this.packedFixed64();
  }

  sfixed64(): number {
    const at = this.#take64();
    return this.#view.getInt32(at + 4, true) * twoTo32 + this.#view.getUint32(at, true);
  }

  /** A time in nanoseconds since 1970, as whole Unix ms: exact, though the nanoseconds are above 2^53. */
  nanosAsMs(): number {
    const at = this.#take64();
    // 2^32 ns = 4294 ms + 967296 ns.
    const high = this.#view.getUint32(at + 4, true);
    return high * 4294 + Math.floor((high * 967_296 + this.#view.getUint32(at, true)) / 1e6);
  }

  double(): number {
    this.#expect(wireTypes.fixed64, '8 bytes');
    return this.packedDouble();
  }

  /** One of the numbers within {@link message}, where they are packed. */
  packedDouble(): number {
    const at = this.#skipBytes(8);
    return this.#view.getFloat64(at, true);
  }

  packedFixed64(): number {
    const at = this.#skipBytes(8);
    return this.#view.getUint32(at + 4, true) * twoTo32 + this.#view.getUint32(at, true);
  }

  packedUint(): number {
    return this.#unsigned();
  }

  string(): string {
    const [start, end] = this.#range();
    return text.decode(this.#bytes.subarray(start, end));
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const [start, end] = this.#range();
    return this.#bytes.subarray(start, end);
  }

  /** A message within this one. */
  message(): ProtobufReader {
    const [start, end] = this.#range();
    return new ProtobufReader(this.#bytes, start, end);
  }

  /** Passes over the field's value. */
  skip(): void {
    switch (this.#wireType) {
      case wireTypes.varint:
        this.#unsigned();
        return;
      case wireTypes.fixed64:
        this.#skipBytes(8);
        return;
      case wireTypes.fixed32:
        this.#skipBytes(4);
        return;
      case wireTypes.lengthDelimited:
        this.#range();
        return;
      default:
        throw malformed(`field ${this.field} of a known wire type, got ${this.#wireType}`);
    }
  }

  #take64(): number {
    this.#expect(wireTypes.fixed64, '8 bytes');
    return this.#skipBytes(8);
  }

  #expect(wireType: number, what: string): void {
    if (this.#wireType !== wireType) throw malformed(`field ${this.field} as ${what}, got wire type ${this.#wireType}`);
  }

  #range(): readonly [start: number, end: number] {
    this.#expect(wireTypes.lengthDelimited, 'length and bytes');
    const length = this.#unsigned();
    const start = this.#skipBytes(length);
    return [start, start + length];
  }

  /** @returns where they begin */
  #skipBytes(count: number): number {
    const at = this.#offset;
    if (count > this.#end - at) throw truncated(this.#end);
    this.#offset = at + count;
    return at;
  }

  #unsigned(): number {
    this.#readVarint();
    return this.#high * twoTo32 + this.#low;
  }

  /** LEB128 of at most 64 bits, into its two halves. */
  #readVarint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#offset >= this.#end) throw truncated(this.#end);
      const byte = this.#bytes[this.#offset++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low += bits * 2 ** shift;
      else if (shift === 28) {
        low += (bits & 0x0f) * 2 ** 28;
        high = bits >>> 4;
      } else if (shift < 63) high += bits * 2 ** (shift - 32);
      else high += (bits & 1) * 2 ** 31;
      if (byte >= 0x80) continue;
      this.#low = low;
      this.#high = high;
      return;
    }
    throw malformed('a varint of at most 10 bytes');
  }
}

function truncated(end: number): ProtobufError {
  return new ProtobufError('protobuf/truncated', `the message ends at byte ${end}, in the middle of a value`);
}

function malformed(expected: string): ProtobufError {
  return new ProtobufError('protobuf/malformed', `expected ${expected}`);
}
