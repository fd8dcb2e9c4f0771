/** What a backup is made of: records of a kind, a length and bytes, zstd-compressed with a checksum. */
import { TarsierError } from '@tarsier/protocol';

/** `header` and `table` begin a part and are JSON, `rows` are PostgreSQL's binary copy format, `end` closes it. */
export const recordKinds = ['header', 'table', 'rows', 'end'] as const;
export type RecordKind = (typeof recordKinds)[number];

export interface BackupRecord {
  readonly kind: RecordKind;
  readonly bytes: Uint8Array;
}

const headBytes = 5;
/** A record of rows is what the driver gives at once. */
const maxRecordBytes = 256 * 1024 * 1024;

export function encodeRecord(kind: RecordKind, bytes: Uint8Array): Uint8Array {
  const record = Buffer.alloc(headBytes + bytes.byteLength);
  record.writeUInt8(recordKinds.indexOf(kind), 0);
  record.writeUInt32BE(bytes.byteLength, 1);
  record.set(bytes, headBytes);
  return record;
}

export function encodeJson(kind: RecordKind, value: unknown): Uint8Array {
  return encodeRecord(kind, Buffer.from(JSON.stringify(value)));
}

/** @throws {TarsierError} `backup/format` when it ends too early, or is none */
export async function* decodeRecords(source: AsyncIterable<Uint8Array>): AsyncGenerator<BackupRecord> {
  let waiting = Buffer.alloc(0);
  for await (const chunk of source) {
    waiting = waiting.byteLength === 0 ? Buffer.from(chunk) : Buffer.concat([waiting, chunk]);
    while (waiting.byteLength >= headBytes) {
      const kind = recordKinds[waiting.readUInt8(0)];
      const length = waiting.readUInt32BE(1);
      if (kind === undefined || length > maxRecordBytes) throw notOne('a record that is none');
      if (waiting.byteLength < headBytes + length) break;
      yield { kind, bytes: waiting.subarray(headBytes, headBytes + length) };
      waiting = waiting.subarray(headBytes + length);
    }
  }
  if (waiting.byteLength > 0) throw notOne('an end in the middle of a record');
}

export function notOne(what: string): TarsierError {
  return new TarsierError('backup/format', `backup: expected a whole backup of tarsier-collector, got ${what}`);
}
