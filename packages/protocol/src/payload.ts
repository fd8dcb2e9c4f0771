import { BatchError, ByteReader, ByteWriter } from './bytes.ts';
import { copyColumn, countPresent, decodeColumn, decodeTimes, encodeColumn, encodeTimes } from './column.ts';

export type Compress = (bytes: Uint8Array) => Uint8Array;

/** @throws when the result would be longer than `maxBytes`, before it is allocated */
export type Decompress = (bytes: Uint8Array, maxBytes: number) => Uint8Array;

/** The samples of a batch: `rows` ticks times `width` series. */
export interface SampleMatrix {
  /** Unix ms, strictly ascending; one per row. */
  readonly times: Float64Array;
  readonly width: number;
  /** Column-major: the sample of series `column` at tick `row` is `values[column * rows + row]`; NaN where none. */
  readonly values: Float64Array;
  /** 1 where a sample exists, 0 where none; laid out as `values`. Absent when every sample exists. */
  readonly present?: Uint8Array;
}

/** Samples that exist. */
export function countSamples({ values, present }: Pick<SampleMatrix, 'values' | 'present'>): number {
  return present === undefined ? values.length : countPresent(present);
}

export const payloadLimits = {
  /** Ticks in one batch: an hour of seconds. */
  rows: 3_600,
  /** Series in one batch. */
  width: 10_000,
  /** Samples in one batch. */
  samples: 1_000_000,
  /** Bytes once decompressed. */
  decodedBytes: 12 * 1024 * 1024,
} as const;

const compressions = { none: 0, zstd: 1 } as const;

/**
 * Columns are coded tightly already: ten busy seconds lose a seventh of their bytes to zstd, and unpacking them, once
 * at the door and once in compaction, would be a fifth of all that a sample costs the collector.
 * Idle hosts' batches lose half and more.
 */
const worthwhileRatio = 0.8;

/**
 * Packs samples into what is stored as it is: a compression byte, then rows, width, times and columns.
 *
 * @throws {BatchError} `batch/rows`, `batch/width`, `batch/column-length` when the matrix is not as described or too large
 */
export function encodePayload(matrix: SampleMatrix, compress: Compress): Uint8Array {
  const { times, width, values, present } = matrix;
  const rows = times.length;
  checkSize(rows, width);
  if (values.length !== rows * width || (present !== undefined && present.length !== values.length)) {
    throw new BatchError('batch/column-length', `values: expected ${rows * width} numbers, got ${values.length}`, {
      field: 'values',
    });
  }
  const writer = new ByteWriter();
  writer.varint(rows);
  writer.varint(width);
  encodeTimes(times, writer);
  /** Where the next sample is missing: most columns have all. */
  let gap = present?.indexOf(0) ?? -1;
  for (let start = 0; start < values.length; start += rows) {
    const end = start + rows;
    const hasGap = gap >= 0 && gap < end;
    encodeColumn(values.subarray(start, end), hasGap ? present?.subarray(start, end) : undefined, writer);
    if (hasGap) gap = present?.indexOf(0, end) ?? -1;
  }
  const body = writer.view();
  const compressed = compress(body);
  const smaller = compressed.byteLength <= body.byteLength * worthwhileRatio;
  const payload = new Uint8Array(1 + (smaller ? compressed : body).byteLength);
  payload[0] = smaller ? compressions.zstd : compressions.none;
  payload.set(smaller ? compressed : body, 1);
  return payload;
}

/** A payload that is read column by column, in their order: all at once they may be far larger than the bytes. */
export interface PayloadCursor {
  readonly times: Float64Array;
  readonly width: number;
  /**
   * Reads the next column into `values`, from `start` on, one per row.
   *
   * @param present  laid out as `values`, preset to 1 by the caller; called for only when a gap exists
   * @throws {BatchError} `batch/truncated`, `batch/column`
   */
  next(values: Float64Array, present: () => Uint8Array, start?: number): void;
  /** Copies the next column as it is, unread. @throws {BatchError} as {@link next} */
  copyNext(writer: ByteWriter): void;
  /** @throws {BatchError} `batch/trailing` when bytes follow the last column */
  end(): void;
}

/**
 * Takes hostile bytes.
 *
 * @throws {BatchError} `batch/truncated`, `batch/compression`, `batch/rows`, `batch/width`, `batch/times`
 */
export function openPayload(payload: Uint8Array, decompress: Decompress): PayloadCursor {
  const reader = new ByteReader(uncompressed(payload, decompress));
  const rows = reader.varint();
  const width = reader.varint();
  checkSize(rows, width);
  // Every column has at least its header byte: a short body can't ask for a large matrix of empty ones.
  if (width > reader.remaining)
    throw new BatchError('batch/truncated', `columns: expected ${width}, the data ends before`);
  const times = decodeTimes(reader, rows);
  return {
    times,
    width,
    next: (values, present, start = 0) => decodeColumn(reader, values, present, start, rows),
    copyNext: (writer) => copyColumn(reader, rows, writer),
    end: () => reader.end(),
  };
}

/**
 * The reverse of {@link encodePayload}; takes hostile bytes.
 *
 * @throws {BatchError} as {@link openPayload} and its cursor
 */
export function decodePayload(payload: Uint8Array, decompress: Decompress): SampleMatrix {
  const cursor = openPayload(payload, decompress);
  const { times, width } = cursor;
  const rows = times.length;
  const values = new Float64Array(rows * width);
  let present: Uint8Array | undefined;
  const mask = (): Uint8Array => (present ??= new Uint8Array(values.length).fill(1));
  for (let start = 0; start < values.length; start += rows) cursor.next(values, mask, start);
  cursor.end();
  return present === undefined ? { times, width, values } : { times, width, values, present };
}

function uncompressed(payload: Uint8Array, decompress: Decompress): Uint8Array {
  const body = payload.subarray(1);
  switch (payload[0]) {
    case compressions.none:
      return body;
    case compressions.zstd:
      return decompress(body, payloadLimits.decodedBytes);
    case undefined:
      throw new BatchError('batch/truncated', 'columns: expected a payload, got 0 bytes', { field: 'columns' });
    default:
      throw new BatchError('batch/compression', `columns: expected compression 0 or 1, got ${payload[0]}`, {
        field: 'columns',
      });
  }
}

function checkSize(rows: number, width: number): void {
  if (rows < 1 || rows > payloadLimits.rows) {
    throw new BatchError('batch/rows', `rows: expected 1 to ${payloadLimits.rows}, got ${rows}`, { field: 'rows' });
  }
  if (width < 1 || width > payloadLimits.width || rows * width > payloadLimits.samples) {
    const most = Math.min(payloadLimits.width, Math.floor(payloadLimits.samples / rows));
    throw new BatchError('batch/width', `width: expected 1 to ${most} series for ${rows} rows, got ${width}`, {
      field: 'width',
    });
  }
}
