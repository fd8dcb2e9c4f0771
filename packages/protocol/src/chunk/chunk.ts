/**
 * Hot file: one series' samples at the rows of its block, as they are kept for good: like a column on the wire
 * (`column.ts`), with an entropy stage where there is something to gain. Lossless to the bit. `pnpm bench storage`
 * shows what it costs and saves; docs/storage-format.md draws it.
 */
import { BatchError, ByteWriter, type ByteReader } from '../bytes.ts';
import {
  compact,
  countPresent,
  decimalExponent,
  decodeColumn,
  encodeColumn,
  exponentShift,
  largestInteger,
  powersOfTen,
  presenceBit,
  readPresence,
  scale,
  spread,
  writePresence,
} from '../column.ts';
import { packWhole, unpackWhole } from './pack-whole.ts';
import { packXor, unpackXor } from './pack-xor.ts';

/** Low three bits of the header, beside those of a wire column. */
const kinds = { packed: 5, packedXor: 6, pieces: 7 } as const;

/** Below it a table of frequencies costs more than it saves. */
const leastPacked = 24;

const packed = new ByteWriter();

/**
 * Writes one chunk.
 *
 * @param values       one per row; where `present` is 0 the value is ignored
 * @param present      1 where a sample exists; absent when all do
 * @param differences  whether the values are differences already; spares a look at them
 */
export function encodeChunk(
  values: Float64Array,
  present: Uint8Array | undefined,
  writer: ByteWriter,
  differences = false,
): void {
  const dense = present === undefined ? values : compact(values, present);
  if (dense.length < leastPacked || isFlat(dense)) {
    encodeColumn(values, present, writer);
    return;
  }
  packed.reset();
  const exponent = decimalExponent(dense);
  const scaled = exponent === undefined ? undefined : scale(dense, exponent);
  if (scaled === undefined) packXor(dense, packed);
  else packWhole(scaled, differences, packed);
  const gaps = dense.length < values.length;
  const kind = scaled === undefined ? kinds.packedXor : kinds.packed;
  writer.byte(kind | ((scaled === undefined ? 0 : (exponent ?? 0)) << exponentShift) | (gaps ? presenceBit : 0));
  if (gaps && present !== undefined) writePresence(present, writer);
  writer.raw(packed.view());
}

/**
 * Reads one chunk into `values` (length = the block's rows). Rows without a sample become NaN, and 0 in `present`.
 *
 * @param present  preset to 1 by the caller, the same each time; called for only when a gap exists
 * @throws {BatchError} `batch/truncated`, `batch/column`, `batch/varint`
 */
export function decodeChunk(reader: ByteReader, values: Float64Array, present: () => Uint8Array): void {
  const header = reader.byte();
  const kind = header & 7;
  if (kind < kinds.packed) {
    reader.offset--;
    decodeColumn(reader, values, present);
    return;
  }
  if (header === kinds.pieces) {
    readPieces(reader, values, present);
    return;
  }
  if (kind === kinds.pieces || (header & 0x80) !== 0) {
    throw new BatchError('batch/column', `chunk header: expected a known coding, got byte ${header}`, {
      field: 'columns',
    });
  }
  const mask = (header & presenceBit) === 0 ? undefined : readPresence(reader, present());
  const count = mask === undefined ? values.length : countPresent(mask);
  if (kind === kinds.packedXor) unpackXor(reader, values, count);
  else unpackWhole(reader, values, count, powersOfTen[(header >> exponentShift) & 7] ?? 1);
  if (mask !== undefined) spread(values, mask, count);
}

/**
 * Begins a chunk of columns as they came, which the caller writes one after the other: it costs nothing to make.
 *
 * @param groups  how many columns of how many rows follow each other
 */
export function beginPieces(
  groups: readonly { readonly count: number; readonly rows: number }[],
  writer: ByteWriter,
): void {
  writer.byte(kinds.pieces);
  writer.varint(groups.length);
  for (const { count, rows } of groups) {
    writer.varint(count);
    writer.varint(rows);
  }
}

function readPieces(reader: ByteReader, values: Float64Array, present: () => Uint8Array): void {
  const groups: number[] = [];
  let total = 0;
  for (let left = reader.varint(); left > 0; left--) {
    const count = reader.varint();
    const size = reader.varint();
    if (count < 1 || size < 1 || total + count * size > values.length) break;
    groups.push(count, size);
    total += count * size;
  }
  if (total !== values.length) {
    throw new BatchError('batch/column', `pieces: expected ${values.length} rows, got ${total}`, { field: 'columns' });
  }
  let start = 0;
  for (let group = 0; group < groups.length; group += 2) {
    const size = groups[group + 1] ?? 0;
    for (let left = groups[group] ?? 0; left > 0; left--, start += size) {
      decodeColumn(reader, values, present, start, size);
    }
  }
}

/** Whether it is the same value throughout, or a whole number that grows evenly: the wire's codings take few bytes. */
function isFlat(values: Float64Array): boolean {
  const first = values[0] ?? 0;
  const step = (values[1] ?? 0) - first;
  const last = values[values.length - 1] ?? 0;
  const isWhole = Number.isInteger(first) && Number.isInteger(step);
  if (step !== 0 && (!isWhole || Math.max(Math.abs(first), Math.abs(last)) > largestInteger)) return false;
  for (let row = 1; row < values.length; row++) {
    if ((values[row] ?? 0) - (values[row - 1] ?? 0) !== step) return false;
  }
  // 0 and -0 have no step between them, but are not the same.
  return first !== 0 || step !== 0 || values.every((value) => Object.is(value, first));
}
