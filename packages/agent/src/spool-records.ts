import { crc32 } from 'node:zlib';

export type RecordType = 'schema' | 'batch';

export interface SpoolRecord {
  readonly type: RecordType;
  readonly bytes: Uint8Array;
  /** Where the next record begins. */
  readonly end: number;
}

/** On disk: length of what follows the checksum (u32), CRC-32 of it (u32, RFC 1952), type (u8), bytes. Little-endian. */
const headerBytes = 8;
const types: readonly RecordType[] = ['schema', 'batch'];
const maxRecordBytes = 16 * 1024 * 1024;

export function encodeRecord(type: RecordType, bytes: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(headerBytes + 1 + bytes.byteLength);
  record.writeUInt8(types.indexOf(type), headerBytes);
  record.set(bytes, headerBytes + 1);
  record.writeUInt32LE(1 + bytes.byteLength, 0);
  record.writeUInt32LE(crc32(record.subarray(headerBytes)), 4);
  return record;
}

/** @returns undefined where no whole record begins: at the end, or at what a crash left half written */
export function decodeRecord(segment: Buffer, offset: number): SpoolRecord | undefined {
  if (offset + headerBytes > segment.length) return undefined;
  const length = segment.readUInt32LE(offset);
  const end = offset + headerBytes + length;
  if (length < 1 || length > maxRecordBytes || end > segment.length) return undefined;
  const body = segment.subarray(offset + headerBytes, end);
  const type = types[body[0] ?? types.length];
  if (type === undefined || crc32(body) !== segment.readUInt32LE(offset + 4)) return undefined;
  return { type, bytes: body.subarray(1), end };
}
