import { pack, Unpackr } from 'msgpackr';
import { BatchError } from './bytes.ts';
import { describeValue } from './errors.ts';
import { checkMsgpackBounds } from './msgpack-bounds.ts';
import type { UnixMs } from './sample.ts';

export const batchContentType = 'application/vnd.tarsier.batch';

export const wireVersion = 1;

/** Longest host name, in UTF-16 units (RFC 1035's limit for a full domain name). */
export const maxHostLength = 255;

/** Largest request body, bytes. */
export const maxBatchBytes = 4 * 1024 * 1024;

/** What travels around the columns: whose they are, which series, when. */
export interface BatchEnvelope {
  readonly host: string;
  /** When this run of the agent began, Unix ms; with `seq` it names the batch. */
  readonly epoch: UnixMs;
  /** 0 for the first batch of an epoch, then one more each. */
  readonly seq: number;
  /** 16 bytes; see `schemaHash`. */
  readonly schemaHash: Uint8Array;
  /** The schema itself, where the collector may not know it yet. */
  readonly schema?: Uint8Array;
  /** First and last tick. */
  readonly t0: UnixMs;
  readonly t1: UnixMs;
  readonly rows: number;
  /** See `encodePayload`: stored as it came. */
  readonly payload: Uint8Array;
}

const fields = ['version', 'host', 'epoch', 'seq', 'schemaHash', 'schema', 't0', 't1', 'rows', 'payload'] as const;

// Arrays and binary only: no maps to objects, no records, no extension types from outside.
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'number' });

export function encodeEnvelope(batch: BatchEnvelope): Uint8Array {
  const { host, epoch, seq, schemaHash, schema, t0, t1, rows, payload } = batch;
  return pack([wireVersion, host, epoch, seq, schemaHash, schema ?? null, t0, t1, rows, payload]);
}

/** The same batch with its schema attached: what to send after a 409. */
export function withSchema(batchBytes: Uint8Array, schemaBytes: Uint8Array): Uint8Array {
  return encodeEnvelope({ ...decodeEnvelope(batchBytes), schema: schemaBytes });
}

/**
 * Reads everything but the columns; takes hostile bytes. `payload` and `schema` are views into `bytes`.
 *
 * @throws {BatchError} `batch/too-large`, `batch/malformed`, `batch/version`, `batch/field`
 */
export function decodeEnvelope(bytes: Uint8Array): BatchEnvelope {
  if (bytes.byteLength > maxBatchBytes) {
    throw new BatchError('batch/too-large', `body: expected at most ${maxBatchBytes} bytes, got ${bytes.byteLength}`);
  }
  const record = unpack(bytes);
  const version: unknown = record[0];
  if (version !== wireVersion) {
    throw new BatchError('batch/version', `version: expected ${wireVersion}, got ${describeValue(version)}`, {
      field: 'version',
    });
  }
  if (record.length !== fields.length) {
    throw new BatchError('batch/malformed', `body: expected ${fields.length} fields, got ${record.length}`);
  }
  const [, host, epoch, seq, schemaHash, schema, t0, t1, rows, payload] = record;
  if (typeof host !== 'string' || host.length === 0 || host.length > maxHostLength || /\p{Cc}/u.test(host)) {
    throw bad('host', `1 to ${maxHostLength} printable characters`, host);
  }
  const first = time('t0', t0);
  const last = time('t1', t1);
  if (last < first) throw bad('t1', `a time at or after t0 (${first})`, t1);
  return {
    host,
    epoch: time('epoch', epoch),
    seq: whole('seq', seq, 0, 2 ** 31 - 1),
    schemaHash: binary('schemaHash', schemaHash, 16, 16),
    ...(schema === null ? {} : { schema: binary('schema', schema, 1, maxBatchBytes) }),
    t0: first,
    t1: last,
    rows: whole('rows', rows, 1, 2 ** 31 - 1),
    payload: binary('payload', payload, 1, maxBatchBytes),
  };
}

function unpack(bytes: Uint8Array): readonly unknown[] {
  checkMsgpackBounds(bytes);
  let record: unknown;
  try {
    record = unpackr.unpack(bytes);
  } catch (cause) {
    throw new BatchError('batch/malformed', `body: expected one msgpack array, got ${bytes.byteLength} other bytes`, {
      cause,
    });
  }
  if (!Array.isArray(record)) {
    throw new BatchError('batch/malformed', `body: expected a msgpack array, got ${describeValue(record)}`);
  }
  return record;
}

function time(field: string, value: unknown): UnixMs {
  return whole(field, value, 0, 8.64e15);
}

function whole(field: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw bad(field, `a whole number from ${least} to ${most}`, value);
  }
  return value;
}

function binary(field: string, value: unknown, least: number, most: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.byteLength < least || value.byteLength > most) {
    throw bad(field, least === most ? `${least} bytes` : `${least} to ${most} bytes`, value);
  }
  // msgpackr hands out Node's Buffer; the contract is plain bytes.
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function bad(field: string, expected: string, value: unknown): BatchError {
  return new BatchError('batch/field', `${field}: expected ${expected}, got ${describeValue(value)}`, { field });
}
