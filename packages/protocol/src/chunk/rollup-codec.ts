/** Hot file: rollups to bytes and back, lossless to the bit; docs/storage-format.md draws it. */
import { BatchError, type ByteReader, type ByteWriter } from '../bytes.ts';
import {
  compact,
  countPresent,
  decimalExponent,
  powersOfTen,
  readDeltas,
  readPresence,
  scale,
  writeDeltas,
  writePresence,
} from '../column.ts';
import { decodeChunk, encodeChunk } from './chunk.ts';
import { emptyRollup, type Rollup } from './rollup.ts';

/** The buckets of a host's rows: most of its series have samples in every one of them. */
export interface RollupHead {
  /** Of a bucket, ms. */
  readonly width: number;
  readonly ends: Float64Array;
  readonly count: Float64Array;
  readonly firstAt: Float64Array;
  readonly lastAt: Float64Array;
}

const version = 1;
/** Most buckets of one block of rollups: a day of seconds. */
const maxBuckets = 86_400;

const flags = { ownTimes: 0x01, counter: 0x02, doubles: 0x04 } as const;
/** Powers of ten of the whole numbers, above the flags. */
const exponentShift = 4;

export function encodeRollupHead({ width, ends, count, firstAt, lastAt }: RollupHead, writer: ByteWriter): void {
  writer.byte(version);
  writer.varint(width);
  writer.varint(ends.length);
  writeDeltas(ends, ends.length, true, writer);
  encodeChunk(count, undefined, writer);
  encodeChunk(differences(ends, firstAt), undefined, writer);
  encodeChunk(differences(ends, lastAt), undefined, writer);
}

/** @throws {BatchError} `batch/version`, `batch/rows`, `batch/times`, `batch/column`, `batch/truncated` */
export function decodeRollupHead(reader: ByteReader): RollupHead {
  const found = reader.byte();
  if (found !== version) {
    throw new BatchError('batch/version', `rollups: expected version ${version}, got ${found}`, { field: 'rows' });
  }
  const width = reader.varint();
  const buckets = reader.varint();
  if (buckets < 1 || buckets > maxBuckets) {
    throw new BatchError('batch/rows', `buckets: expected 1 to ${maxBuckets}, got ${buckets}`, { field: 'rows' });
  }
  const ends = new Float64Array(buckets);
  readDeltas(reader, ends, buckets, true, 1);
  for (let row = 1; row < buckets; row++) {
    if (!((ends[row] ?? 0) > (ends[row - 1] ?? 0))) {
      throw new BatchError('batch/times', `buckets[${row}]: expected an end after the one before`, { field: 'times' });
    }
  }
  const count = readColumn(reader, buckets);
  const firstAt = differences(ends, readColumn(reader, buckets));
  const lastAt = differences(ends, readColumn(reader, buckets));
  return { width, ends, count, firstAt, lastAt };
}

/** @param rollup  its buckets are among the head's */
export function encodeRollup(rollup: Rollup, head: RollupHead, writer: ByteWriter): void {
  const own = !sameTimes(rollup, head);
  const whole = toWhole(rollup);
  writer.byte(
    (own ? flags.ownTimes : 0) |
      (rollup.counter === undefined ? 0 : flags.counter) |
      (whole === undefined ? flags.doubles : whole.exponent << exponentShift),
  );
  if (own) {
    writePresence(presenceIn(head.ends, rollup.ends), writer);
    writeColumns(
      [rollup.count, differences(rollup.ends, rollup.firstAt), differences(rollup.ends, rollup.lastAt)],
      true,
      writer,
    );
  }
  if (whole !== undefined) writer.zigzag(whole.base);
  writeColumns(whole?.columns ?? doublesOf(rollup), whole !== undefined, writer);
}

/** @throws {BatchError} `batch/column`, `batch/truncated`, `batch/varint` */
export function decodeRollup(reader: ByteReader, head: RollupHead): Rollup {
  const header = reader.byte();
  let { ends, count, firstAt, lastAt } = head;
  if ((header & flags.ownTimes) !== 0) {
    const mask = readPresence(reader, new Uint8Array(ends.length));
    ends = compact(ends, mask);
    const [counts, first, last] = readColumns(reader, 3, countPresent(mask));
    if (counts === undefined || first === undefined || last === undefined) throw new RangeError('three columns');
    [count, firstAt, lastAt] = [counts, differences(ends, first), differences(ends, last)];
  }
  const buckets = ends.length;
  const counter = (header & flags.counter) !== 0;
  const base = (header & flags.doubles) === 0 ? reader.zigzag() : 0;
  const columns = readColumns(reader, counter ? 7 : 5, buckets);
  const rollup: Rollup = { ...emptyRollup(buckets, counter), ends, count, firstAt, lastAt };
  if ((header & flags.doubles) === 0) {
    fromWhole(base, columns, powersOfTen[(header >> exponentShift) & 7] ?? 1, rollup);
    return rollup;
  }
  const targets = doublesOf(rollup);
  for (const [at, column] of columns.entries()) targets[at]?.set(column);
  return rollup;
}

function doublesOf({ first, last, min, max, sum, counter }: Rollup): Float64Array[] {
  return [first, last, min, max, sum, ...(counter === undefined ? [] : [counter.increase, counter.resets])];
}

/**
 * Everything as whole numbers that are mostly small or zero: each bucket begins near where the former ended, a counter
 * never leaves the stretch from its first to its last value, and a sum is near that of a straight line.
 */
function toWhole(
  rollup: Rollup,
): { readonly exponent: number; readonly base: number; readonly columns: Float64Array[] } | undefined {
  const buckets = rollup.ends.length;
  const all = new Float64Array(buckets * 7);
  for (const [at, column] of doublesOf(rollup).entries()) all.set(column, at * buckets);
  const exponent = decimalExponent(all);
  const scaled = exponent === undefined ? undefined : scale(all, exponent);
  if (exponent === undefined || scaled === undefined) return undefined;
  const of = (column: number, row: number): number => scaled[column * buckets + row] ?? 0;
  const columns = Array.from({ length: rollup.counter === undefined ? 5 : 7 }, () => new Float64Array(buckets));
  const [gap, rise, below, above, extra, unexpected, resets] = columns;
  const base = of(0, 0);
  let former = base;
  for (let row = 0; row < buckets; row++) {
    const [first, last, least, most, sum] = [of(0, row), of(1, row), of(2, row), of(3, row), of(4, row)];
    const line = lineSum(rollup.count[row] ?? 0, first, last);
    if (line + (sum - line) !== sum) return undefined;
    if (gap !== undefined) gap[row] = first - former;
    if (rise !== undefined) rise[row] = last - first;
    if (below !== undefined) below[row] = Math.min(first, last) - least;
    if (above !== undefined) above[row] = most - Math.max(first, last);
    if (extra !== undefined) extra[row] = sum - line;
    if (unexpected !== undefined) unexpected[row] = of(5, row) - (last - first);
    if (resets !== undefined) resets[row] = of(6, row);
    former = last;
  }
  return { exponent, base, columns };
}

function fromWhole(base: number, columns: readonly Float64Array[], power: number, rollup: Rollup): void {
  const [gap, rise, below, above, extra, unexpected, resets] = columns;
  let former = base;
  for (let row = 0; row < rollup.ends.length; row++) {
    const first = former + (gap?.[row] ?? 0);
    const last = first + (rise?.[row] ?? 0);
    rollup.first[row] = first / power;
    rollup.last[row] = last / power;
    rollup.min[row] = (Math.min(first, last) - (below?.[row] ?? 0)) / power;
    rollup.max[row] = (Math.max(first, last) + (above?.[row] ?? 0)) / power;
    rollup.sum[row] = (lineSum(rollup.count[row] ?? 0, first, last) + (extra?.[row] ?? 0)) / power;
    if (rollup.counter !== undefined) {
      rollup.counter.increase[row] = (last - first + (unexpected?.[row] ?? 0)) / power;
      rollup.counter.resets[row] = (resets?.[row] ?? 0) / power;
    }
    former = last;
  }
}

function lineSum(count: number, first: number, last: number): number {
  return Math.floor((count * (first + last)) / 2);
}

/** A byte that says which are not zero throughout, then those. */
function writeColumns(columns: readonly Float64Array[], differences: boolean, writer: ByteWriter): void {
  let mask = 0;
  for (const [at, column] of columns.entries()) {
    if (column.some((value) => !Object.is(value, 0))) mask |= 1 << at;
  }
  writer.byte(mask);
  for (const [at, column] of columns.entries()) {
    if ((mask & (1 << at)) !== 0) encodeChunk(column, undefined, writer, differences);
  }
}

function readColumns(reader: ByteReader, count: number, rows: number): Float64Array[] {
  const mask = reader.byte();
  return Array.from({ length: count }, (_, at) =>
    (mask & (1 << at)) === 0 ? new Float64Array(rows) : readColumn(reader, rows),
  );
}

function readColumn(reader: ByteReader, rows: number): Float64Array {
  const column = new Float64Array(rows);
  decodeChunk(reader, column, () => {
    throw new BatchError('batch/column', 'rollups: expected a value in every bucket', { field: 'columns' });
  });
  return column;
}

function sameTimes({ ends, count, firstAt, lastAt }: Rollup, head: RollupHead): boolean {
  if (ends.length !== head.ends.length) return false;
  for (let row = 0; row < ends.length; row++) {
    if (
      ends[row] !== head.ends[row] ||
      count[row] !== head.count[row] ||
      firstAt[row] !== head.firstAt[row] ||
      lastAt[row] !== head.lastAt[row]
    ) {
      return false;
    }
  }
  return true;
}

function presenceIn(all: Float64Array, some: Float64Array): Uint8Array {
  let next = 0;
  return Uint8Array.from(all, (end) => (some[next] === end ? (next++, 1) : 0));
}

function differences(from: Float64Array, taken: Float64Array): Float64Array {
  return Float64Array.from(from, (value, row) => value - (taken[row] ?? 0));
}
