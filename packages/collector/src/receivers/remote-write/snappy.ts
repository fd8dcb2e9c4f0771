/** Hot file: Snappy's block format, both ways. https://github.com/google/snappy/blob/main/format_description.txt */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TarsierError } from '@tarsier/protocol';

/**
 * Unpacks a block. What it says to be long is believed only as far as `maxBytes`, and every copy is checked against
 * what is there.
 *
 * @throws {TarsierError} `snappy/malformed`, or `http/too-large` before anything is allocated
 */
export function snappyDecompress(input: Uint8Array, maxBytes: number): Uint8Array {
  const { length, start } = readLength(input);
  if (length > maxBytes) {
    throw new TarsierError('http/too-large', `body: expected at most ${maxBytes} bytes unpacked, got ${length}`);
  }
  // A byte of input makes at most 22 bytes of output (a copy of 64 takes three): less can't be whole.
  if (length > input.byteLength * 22) throw malformed(`${length} bytes can not come of ${input.byteLength}`);
  const output = new Uint8Array(length);
  let from = start;
  let to = 0;

  /** An offset or a length of `count` bytes, little-endian. */
  function number(count: number): number {
    if (from + count > input.byteLength) throw malformed('it ends within a tag');
    let value = 0;
    for (let index = 0; index < count; index++) value += (input[from + index] ?? 0) * 2 ** (8 * index);
    from += count;
    return value;
  }

  while (from < input.byteLength) {
    const tag = input[from++] ?? 0;
    const kind = tag & 3;
    const upper = tag >>> 2;
    if (kind === 0) {
      const count = (upper < 60 ? upper : number(upper - 59)) + 1;
      if (count > input.byteLength - from || count > length - to) throw malformed('a literal reaches beyond the end');
      output.set(input.subarray(from, from + count), to);
      from += count;
      to += count;
      continue;
    }
    const count = kind === 1 ? (upper & 7) + 4 : upper + 1;
    const offset = kind === 1 ? (tag >>> 5) * 256 + number(1) : number(kind === 2 ? 2 : 4);
    if (offset === 0 || offset > to || count > length - to) throw malformed('a copy reaches beyond what is there');
    // Byte by byte where it overlaps: what was just written is read again.
    if (offset >= count) output.copyWithin(to, to - offset, to - offset + count);
    else for (let index = 0; index < count; index++) output[to + index] = output[to + index - offset] ?? 0;
    to += count;
  }
  if (to !== length) throw malformed(`expected ${length} bytes, got ${to}`);
  return output;
}

function readLength(input: Uint8Array): { readonly length: number; readonly start: number } {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = input[index];
    if (byte === undefined) throw malformed('it ends within its length');
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      if (length >= 2 ** 32) break;
      return { length, start: index + 1 };
    }
  }
  throw malformed('expected a length of up to 32 bits');
}

function malformed(what: string): TarsierError {
  return new TarsierError('snappy/malformed', `body: expected Snappy's block format: ${what}`);
}

/** Packed before others have a turn: a millisecond's worth. */
const bytesPerTurn = 256 * 1024;
/** Copies reach back as far as two bytes say. */
const farthest = 65_535;
const hashBits = 14;

/** Packs a block, greedily: the last place where four bytes stood is where they are copied from. */
export async function snappyCompress(input: Uint8Array): Promise<Uint8Array> {
  // Literals take a byte more for 60 of theirs, in the worst case.
  const output = new Uint8Array(32 + input.byteLength + Math.ceil(input.byteLength / 6));
  const last = input.byteLength - 4;
  const seen = new Int32Array(2 ** hashBits).fill(-1);
  let to = 0;
  let literal = 0;

  function writeLiteral(end: number): void {
    for (let from = literal; from < end; from += 65_536) {
      const count = Math.min(65_536, end - from);
      if (count <= 60) output[to++] = (count - 1) << 2;
      else if (count <= 256) {
        output[to++] = 60 << 2;
        output[to++] = count - 1;
      } else {
        output[to++] = 61 << 2;
        output[to++] = (count - 1) & 0xff;
        output[to++] = (count - 1) >>> 8;
      }
      output.set(input.subarray(from, from + count), to);
      to += count;
    }
  }

  function writeCopy(offset: number, length: number): void {
    for (let left = length; left > 0;) {
      const count = Math.min(left, 64);
      output[to++] = ((count - 1) << 2) | 2;
      output[to++] = offset & 0xff;
      output[to++] = offset >>> 8;
      left -= count;
    }
  }

  for (let rest = input.byteLength; ; rest = Math.floor(rest / 128)) {
    output[to++] = rest >= 128 ? (rest % 128) | 0x80 : rest;
    if (rest < 128) break;
  }
  let at = 0;
  let turnEnds = bytesPerTurn;
  while (at <= last) {
    if (at >= turnEnds) {
      await nextTurn();
      turnEnds = at + bytesPerTurn;
    }
    const word = wordAt(input, at);
    const hash = Math.imul(word, 0x1e35_a7bd) >>> (32 - hashBits);
    const candidate = seen[hash] ?? -1;
    seen[hash] = at;
    if (candidate < 0 || at - candidate > farthest || wordAt(input, candidate) !== word) {
      at++;
      continue;
    }
    let length = 4;
    while (at + length < input.byteLength && input[at + length] === input[candidate + length]) length++;
    writeLiteral(at);
    writeCopy(at - candidate, length);
    at += length;
    literal = at;
  }
  writeLiteral(input.byteLength);
  return output.subarray(0, to);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}
