import { BatchError } from './bytes.ts';

const maxDepth = 4;

/**
 * Walks one msgpack value without building it. The decoder allocates an array of whatever length the bytes claim;
 * after this walk a claim never exceeds the bytes that are there.
 *
 * @throws {BatchError} `batch/malformed` unless `bytes` is exactly one value of nil, numbers, strings, binary and
 *   arrays (at most four deep): all that the wire format uses
 */
export function checkMsgpackBounds(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;

  const skip = (count: number): void => {
    if (count > bytes.byteLength - offset)
      throw new BatchError(
        'batch/truncated',
        `the body ends after ${bytes.byteLength} bytes, in the middle of a value`,
      );
    offset += count;
  };
  const length = (size: 1 | 2 | 4): number => {
    const at = offset;
    skip(size);
    return size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at);
  };
  const array = (count: number, depth: number): void => {
    if (depth === maxDepth) throw new BatchError('batch/malformed', `body: expected arrays at most ${maxDepth} deep`);
    if (count > bytes.byteLength - offset) skip(count);
    for (let index = 0; index < count; index++) value(depth + 1);
  };
  const value = (depth: number): void => {
    const at = offset;
    skip(1);
    const type = bytes[at] ?? 0;
    if (type < 0x80 || type >= 0xe0 || type === 0xc0) return;
    if (type >= 0xa0 && type < 0xc0) return skip(type & 0x1f);
    if (type >= 0x90 && type < 0xa0) return array(type & 0x0f, depth);
    switch (type) {
      case 0xc4:
      case 0xd9:
        return skip(length(1));
      case 0xc5:
      case 0xda:
        return skip(length(2));
      case 0xc6:
      case 0xdb:
        return skip(length(4));
      case 0xcc:
      case 0xd0:
        return skip(1);
      case 0xcd:
      case 0xd1:
        return skip(2);
      case 0xca:
      case 0xce:
      case 0xd2:
        return skip(4);
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return skip(8);
      case 0xdc:
        return array(length(2), depth);
      case 0xdd:
        return array(length(4), depth);
      default:
        throw new BatchError(
          'batch/malformed',
          `byte ${at}: expected nil, a number, string, binary or array, got type 0x${type.toString(16)}`,
        );
    }
  };
  value(0);
  if (offset < bytes.byteLength) {
    throw new BatchError(
      'batch/malformed',
      `body: expected one value, got ${bytes.byteLength - offset} bytes after it`,
    );
  }
}
