import { BatchError, type ByteReader, type ByteWriter } from '../bytes.ts';
import { readDeltas, writeDeltas } from '../column.ts';

/**
 * The rows of a block: when, and which batch each came with. Ordered by time, then epoch, then seq; a time may occur
 * more than once where two runs of an agent reported it. Of two samples of a series at one time the later row counts.
 */
export interface BlockRows {
  /** Unix ms, ascending. */
  readonly times: Float64Array;
  /** Of the row's batch. */
  readonly epochs: Float64Array;
  readonly seqs: Float64Array;
}

/** Most rows of one block. */
export const maxBlockRows = 4_000_000;

const version = 1;

/** Even ticks in even batches take some 30 bytes, however many they are. */
export function encodeRows({ times, epochs, seqs }: BlockRows, writer: ByteWriter): void {
  writer.byte(version);
  writer.varint(times.length);
  writeDeltas(times, times.length, true, writer);
  const begins = beginningsOf(epochs, seqs);
  const at = (column: Float64Array): Float64Array => Float64Array.from(begins, (row) => column[row] ?? 0);
  writer.varint(begins.length);
  writeDeltas(Float64Array.from(begins), begins.length, true, writer);
  writeDeltas(at(epochs), begins.length, false, writer);
  writeDeltas(at(seqs), begins.length, true, writer);
}

/**
 * Times alone are wanted far more often than where they came from.
 *
 * @throws {BatchError} `batch/version`, `batch/rows`, `batch/times`, `batch/column`, `batch/truncated`
 */
export function decodeRowTimes(reader: ByteReader): Float64Array {
  const found = reader.byte();
  if (found !== version) {
    throw new BatchError('batch/version', `rows: expected version ${version}, got ${found}`, { field: 'rows' });
  }
  const count = reader.varint();
  if (count < 1 || count > maxBlockRows) {
    throw new BatchError('batch/rows', `rows: expected 1 to ${maxBlockRows}, got ${count}`, { field: 'rows' });
  }
  const times = new Float64Array(count);
  readDeltas(reader, times, count, true, 1);
  let previous = 0;
  for (let row = 0; row < count; row++) {
    const time = times[row] ?? 0;
    if (!(time >= previous && time <= 8.64e15)) {
      throw new BatchError('batch/times', `times[${row}]: expected Unix ms from ${previous} on, got ${time}`, {
        field: 'times',
      });
    }
    previous = time;
  }
  return times;
}

/** @throws {BatchError} as {@link decodeRowTimes} */
export function decodeRows(reader: ByteReader): BlockRows {
  const times = decodeRowTimes(reader);
  const rows = times.length;
  const runs = reader.varint();
  if (runs < 1 || runs > rows) {
    throw new BatchError('batch/rows', `batches: expected 1 to ${rows}, got ${runs}`, { field: 'rows' });
  }
  const [begins, runEpochs, runSeqs] = [false, true, false].map((plain) => {
    const column = new Float64Array(runs);
    readDeltas(reader, column, runs, !plain, 1);
    return column;
  });
  const epochs = new Float64Array(rows);
  const seqs = new Float64Array(rows);
  let row = 0;
  for (let run = 0; run < runs; run++) {
    const end = run + 1 < runs ? (begins?.[run + 1] ?? 0) : rows;
    if ((begins?.[run] ?? -1) !== row || !(end > row && end <= rows)) {
      throw new BatchError('batch/rows', `batches[${run}]: expected to begin at row ${row}`, { field: 'rows' });
    }
    epochs.fill(runEpochs?.[run] ?? 0, row, end);
    seqs.fill(runSeqs?.[run] ?? 0, row, end);
    row = end;
  }
  return { times, epochs, seqs };
}

/** Rows at which another batch begins. */
function beginningsOf(epochs: Float64Array, seqs: Float64Array): number[] {
  const begins: number[] = [];
  for (let row = 0; row < seqs.length; row++) {
    if (row === 0 || seqs[row] !== seqs[row - 1] || epochs[row] !== epochs[row - 1]) begins.push(row);
  }
  return begins;
}
