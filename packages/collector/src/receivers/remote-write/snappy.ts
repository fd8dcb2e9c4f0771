/** Hot file: Snappy's block format. https://github.com/google/snappy/blob/main/format_description.txt */
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
