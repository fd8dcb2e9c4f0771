/** How a spool's segment is laid out: records one after the other, each of which can be found and checked by itself. */
import { crc32 } from 'node:zlib';
import type { UnixMs } from '@tarsier/protocol';

/** `split`: the batch that its bytes name is sent in halves from now on (split.ts). */
export type RecordType = 'schema' | 'batch' | 'split';

export interface SpoolRecord {
  readonly type: RecordType;
  /** Of a batch: its last tick. */
  readonly time: UnixMs;
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Where the next record begins. */
  readonly end: number;
}

/** What a walk over a segment meets. `torn`: half a record at the end, as a crash or a full disk leaves it. */
export type SegmentPart =
  | ({ readonly kind: 'record' } & SpoolRecord)
  | { readonly kind: 'damaged'; readonly start: number; readonly end: number }
  | { readonly kind: 'torn'; readonly start: number; readonly end: number };

/**
 * On disk, little-endian: the marker `TSRk`, length of the body (u32), CRC-32 of the body (u32, RFC 1952); body: type
 * (u8), time (f64), bytes.
 */
const marker = Buffer.from('TSRk');
const headerBytes = 12;
const bodyPrefix = 9;
const types: readonly RecordType[] = ['schema', 'batch', 'split'];
const maxBodyBytes = 16 * 1024 * 1024;

export function encodeRecord(type: RecordType, time: UnixMs, bytes: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(headerBytes + bodyPrefix + bytes.byteLength);
  record.set(marker);
  record.writeUInt32LE(bodyPrefix + bytes.byteLength, 4);
  record.writeUInt8(types.indexOf(type), headerBytes);
  record.writeDoubleLE(time, headerBytes + 1);
  record.set(bytes, headerBytes + bodyPrefix);
  record.writeUInt32LE(crc32(record.subarray(headerBytes)), 8);
  return record;
}

/** @returns `short` when the bytes end before the record does, `bad` when there is none at the offset */
export function decodeRecord(segment: Buffer, offset: number): SpoolRecord | 'short' | 'bad' {
  const there = Math.min(marker.length, segment.length - offset);
  if (segment.compare(marker, 0, there, offset, offset + there) !== 0) return 'bad';
  if (offset + headerBytes > segment.length) return 'short';
  const length = segment.readUInt32LE(offset + 4);
  if (length < bodyPrefix || length > maxBodyBytes) return 'bad';
  const end = offset + headerBytes + length;
  if (end > segment.length) return 'short';
  const body = segment.subarray(offset + headerBytes, end);
  const type = types[body[0] ?? types.length];
  if (type === undefined || crc32(body) !== segment.readUInt32LE(offset + 8)) return 'bad';
  return { type, time: body.readDoubleLE(1), bytes: body.subarray(bodyPrefix), start: offset, end };
}

/** Every record of a segment. Bytes that are none are passed over, up to the next record that is whole. */
export function* walkSegment(segment: Buffer, from = 0): Generator<SegmentPart> {
  for (let offset = from; offset < segment.length;) {
    const record = decodeRecord(segment, offset);
    if (typeof record === 'object') {
      yield { kind: 'record', ...record };
      offset = record.end;
      continue;
    }
    const end = nextRecord(segment, offset + 1);
    // After a power cut a file may be as long as it was to become, with zeros where nothing was written yet.
    const cut = end === segment.length && (record === 'short' || segment[end - 1] === 0);
    yield { kind: cut ? 'torn' : 'damaged', start: offset, end };
    offset = end;
  }
}

function nextRecord(segment: Buffer, from: number): number {
  for (let at = segment.indexOf(marker, from); at >= 0; at = segment.indexOf(marker, at + 1))
    if (typeof decodeRecord(segment, at) === 'object') return at;
  return segment.length;
}
