/**
 * Hot file: one column (the samples of one series at a batch's ticks) to bytes and back, lossless to the bit,
 * `-0` and NaN payloads included. `pnpm bench ingest` shows what it costs; docs/wire-format.md draws it.
 * Assumes a little-endian machine, as every platform that Node.js and browsers run on today is.
 */
import { BatchError, fromZigzag, type ByteReader, type ByteWriter } from './bytes.ts';

/** Low three bits of a column's header byte. */
const kinds = { constant: 0, delta: 1, deltaOfDelta: 2, xor: 3, empty: 4 } as const;
export const exponentShift = 3;
export const presenceBit = 0x40;

export const powersOfTen = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000] as const;

// A second difference is at most four times as large, and doubles once more as zigzag: still below 2^53.
export const largestInteger = 2 ** 49;

/**
 * Writes tick times as second differences; runs of equal steps cost two bytes.
 *
 * @param times  Unix ms, whole numbers, strictly ascending
 */
export function encodeTimes(times: Float64Array, writer: ByteWriter): void {
  writeDeltas(times, times.length, true, writer);
}

/**
 * @param rows  how many times follow, already bounded by the caller
 * @throws {BatchError} `batch/times` unless they ascend strictly within the range of dates
 */
export function decodeTimes(reader: ByteReader, rows: number): Float64Array {
  const times = new Float64Array(rows);
  readDeltas(reader, times, rows, true, 1);
  let previous = -1;
  for (let row = 0; row < rows; row++) {
    const time = times[row] ?? 0;
    if (time <= previous || time > 8.64e15) {
      throw new BatchError('batch/times', `times[${row}]: expected Unix ms above ${previous}, got ${time}`, {
        field: 'times',
      });
    }
    previous = time;
  }
  return times;
}

/**
 * Writes one column by the cheapest lossless way: integers and short decimals as (second) differences, else bytes.
 *
 * @param values   one per row; where `present` is 0 the value is ignored
 * @param present  1 where a sample exists; absent when all do
 */
export function encodeColumn(values: Float64Array, present: Uint8Array | undefined, writer: ByteWriter): void {
  const rows = values.length;
  const dense = present === undefined ? values : compact(values, present);
  const gaps = dense.length < rows;
  if (dense.length === 0) {
    writer.byte(kinds.empty);
    return;
  }
  const exponent = decimalExponent(dense);
  const scaled = exponent === undefined ? undefined : scale(dense, exponent);
  const kind =
    scaled !== undefined
      ? secondDifferencesAreSmaller(scaled)
        ? kinds.deltaOfDelta
        : kinds.delta
      : isConstant(dense)
        ? kinds.constant
        : kinds.xor;
  writer.byte(kind | ((scaled === undefined ? 0 : (exponent ?? 0)) << exponentShift) | (gaps ? presenceBit : 0));
  if (gaps && present !== undefined) writePresence(present, writer);
  if (scaled !== undefined) writeDeltas(scaled, scaled.length, kind === kinds.deltaOfDelta, writer);
  else if (kind === kinds.constant) writer.raw(bytesOf(dense.subarray(0, 1)));
  else writeXor(dense, writer);
}

/**
 * Reads one column of `rows` into `values`, from `start` on. Rows without a sample become NaN, and 0 in `present`.
 *
 * @param present  laid out as `values`, preset to 1 by the caller; called for only when a gap exists
 * @throws {BatchError} `batch/truncated`, `batch/column`
 */
export function decodeColumn(
  reader: ByteReader,
  values: Float64Array,
  present: () => Uint8Array,
  start = 0,
  rows = values.length,
): void {
  const header = reader.byte();
  const kind = header & 7;
  if (kind === kinds.empty) {
    if (header !== kinds.empty) throw badHeader(header);
    values.fill(Number.NaN, start, start + rows);
    present().fill(0, start, start + rows);
    return;
  }
  if ((header & 0x80) !== 0) throw badHeader(header);
  const mask = (header & presenceBit) === 0 ? undefined : readPresence(reader, present(), start, rows);
  const count = mask === undefined ? rows : countPresent(mask, start, rows);
  switch (kind) {
    case kinds.delta:
    case kinds.deltaOfDelta: {
      const power = powersOfTen[(header >> exponentShift) & 7] ?? 1;
      readDeltas(reader, values, count, kind === kinds.deltaOfDelta, power, start);
      break;
    }
    case kinds.constant: {
      bytesOf(values).set(reader.raw(8), start * 8);
      // Copied as bytes: a NaN read as a number may lose its payload.
      const bits = bitsOf(values);
      for (let row = start + 1; row < start + count; row++) {
        bits[row * 2] = bits[start * 2] ?? 0;
        bits[row * 2 + 1] = bits[start * 2 + 1] ?? 0;
      }
      break;
    }
    case kinds.xor:
      readXor(reader, values, start, count);
      break;
    default:
      throw badHeader(header);
  }
  if (mask !== undefined) spread(values, mask, count, start, rows);
}

/**
 * Copies the next column as it is, unread.
 *
 * @throws {BatchError} `batch/truncated`, `batch/column`
 */
export function copyColumn(reader: ByteReader, rows: number, writer: ByteWriter): void {
  const begin = reader.offset;
  const header = reader.byte();
  const kind = header & 7;
  let count = rows;
  if ((header & presenceBit) !== 0) {
    count = 0;
    for (let row = 0, here = true; row < rows; here = !here) {
      const run = reader.varint();
      if (run > rows - row || (run === 0 && row > 0)) throw badRun(rows - row, run);
      if (here) count += run;
      row += run;
    }
  }
  switch (kind) {
    case kinds.empty:
      break;
    case kinds.delta:
    case kinds.deltaOfDelta:
      if (count > 0) reader.skipVarint();
      for (let row = 1; row < count;) {
        const zero = reader.peek() === 0;
        reader.skipVarint();
        row += zero ? reader.varint() + 1 : 1;
      }
      break;
    case kinds.constant:
      reader.raw(8);
      break;
    case kinds.xor:
      reader.raw(count * 8);
      break;
    default:
      throw badHeader(header);
  }
  reader.copyTo(writer, begin);
}

function badHeader(header: number): BatchError {
  return new BatchError('batch/column', `column header: expected a known coding, got byte ${header}`, {
    field: 'columns',
  });
}

export function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

export function bitsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

export function compact(values: Float64Array, present: Uint8Array): Float64Array {
  const count = countPresent(present);
  const first = count === 0 ? 0 : present.indexOf(1);
  // Most series of a few samples have one, or all of them together.
  if (count === 0 || present.lastIndexOf(1) - first + 1 === count) return values.subarray(first, first + count);
  const dense = new Float64Array(count);
  const from = bitsOf(values);
  const to = bitsOf(dense);
  let next = 0;
  for (let row = 0; row < values.length; row++) {
    if (present[row] === 0) continue;
    to[next++] = from[row * 2] ?? 0;
    to[next++] = from[row * 2 + 1] ?? 0;
  }
  return dense;
}

/** The `count` values at the front move to the rows that have a sample, from the back so that none is overwritten. */
export function spread(values: Float64Array, mask: Uint8Array, count: number, start = 0, rows = values.length): void {
  const bits = bitsOf(values);
  let next = start + count;
  for (let row = start + rows - 1; row >= start; row--) {
    if (mask[row] === 0) {
      values[row] = Number.NaN;
      continue;
    }
    next--;
    bits[row * 2] = bits[next * 2] ?? 0;
    bits[row * 2 + 1] = bits[next * 2 + 1] ?? 0;
  }
}

export function countPresent(mask: Uint8Array, start = 0, rows = mask.length): number {
  let count = 0;
  for (let row = start; row < start + rows; row++) count += mask[row] ?? 0;
  return count;
}

export function writePresence(present: Uint8Array, writer: ByteWriter): void {
  let state = 1;
  let run = 0;
  for (let row = 0; row < present.length; row++) {
    const here = present[row] === 0 ? 0 : 1;
    if (here === state) {
      run++;
      continue;
    }
    writer.varint(run);
    state = here;
    run = 1;
  }
  writer.varint(run);
}

export function readPresence(reader: ByteReader, mask: Uint8Array, start = 0, rows = mask.length): Uint8Array {
  let row = 0;
  let state = 1;
  while (row < rows) {
    const run = reader.varint();
    if (run > rows - row || (run === 0 && row > 0)) throw badRun(rows - row, run);
    mask.fill(state, start + row, start + row + run);
    row += run;
    state = 1 - state;
  }
  return mask;
}

function badRun(most: number, run: number): BatchError {
  return new BatchError('batch/column', `presence: expected a run of 1 to ${most} rows, got ${run}`, {
    field: 'columns',
  });
}

/** Smallest power of ten that makes every value a whole number, and gives it back exactly; undefined when none does. */
export function decimalExponent(values: Float64Array): number | undefined {
  let exponent = 0;
  let row = 0;
  // Most columns are whole numbers, which need no division.
  for (; row < values.length; row++) {
    const value = values[row] ?? 0;
    if (Math.floor(value) !== value || value > largestInteger || value < -largestInteger) break;
    if (value === 0 && 1 / value < 0) return undefined;
  }
  let power: number = powersOfTen[0];
  for (; row < values.length; row++) {
    const value = values[row] ?? 0;
    while (Math.round(value * power) / power !== value || Math.abs(value * power) > largestInteger) {
      const next = powersOfTen[++exponent];
      if (next === undefined) return undefined;
      power = next;
    }
    if (value === 0 && 1 / value < 0) return undefined;
  }
  return exponent;
}

/** Undefined when the scaled values leave the exact range (earlier ones are scaled by a power that later ones asked for). */
export function scale(values: Float64Array, exponent: number): Float64Array | undefined {
  if (exponent === 0) return values;
  const power = powersOfTen[exponent] ?? 1;
  const scaled = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? 0;
    const whole = Math.round(value * power);
    if (Math.abs(whole) > largestInteger || whole / power !== value) return undefined;
    scaled[row] = whole;
  }
  return scaled;
}

function secondDifferencesAreSmaller(values: Float64Array): boolean {
  let first = 0;
  let second = 0;
  let previousDelta = 0;
  for (let row = 1; row < values.length; row++) {
    const delta = (values[row] ?? 0) - (values[row - 1] ?? 0);
    first += codedSize(delta);
    second += codedSize(delta - previousDelta);
    previousDelta = delta;
  }
  return second < first;
}

/** Bytes of a difference, nearly: zeros join runs. */
function codedSize(difference: number): number {
  const magnitude = Math.abs(difference);
  return magnitude === 0 ? 0 : magnitude < 64 ? 1 : magnitude < 8_192 ? 2 : magnitude < 1_048_576 ? 3 : 5;
}

function isConstant(values: Float64Array): boolean {
  const bits = bitsOf(values);
  for (let word = 2; word < bits.length; word++) if (bits[word] !== bits[word & 1]) return false;
  return true;
}

/** First value, then differences; a zero is followed by how many more zeros there are. */
export function writeDeltas(values: Float64Array, count: number, second: boolean, writer: ByteWriter): void {
  if (count === 0) return;
  let previous = values[0] ?? 0;
  writer.zigzag(previous);
  let previousDelta = 0;
  let zeros = 0;
  for (let row = 1; row < count; row++) {
    const value = values[row] ?? 0;
    const delta = value - previous;
    const coded = second ? delta - previousDelta : delta;
    previous = value;
    previousDelta = delta;
    if (coded === 0) {
      zeros++;
      continue;
    }
    if (zeros > 0) {
      writer.byte(0);
      writer.varint(zeros - 1);
      zeros = 0;
    }
    writer.zigzag(coded);
  }
  if (zeros > 0) {
    writer.byte(0);
    writer.varint(zeros - 1);
  }
}

export function readDeltas(
  reader: ByteReader,
  values: Float64Array,
  count: number,
  second: boolean,
  power: number,
  start = 0,
): void {
  if (count === 0) return;
  let value = reader.zigzag();
  let delta = 0;
  values[start] = value / power;
  const { bytes } = reader;
  const lastByte = bytes.length - 1;
  let at = reader.offset;
  let row = start + 1;
  const end = start + count;
  while (row < end) {
    // Most differences take a byte or two.
    let coded = at <= lastByte ? (bytes[at] ?? 0) : 0x80;
    if (coded < 0x80) at++;
    else if (at < lastByte && (bytes[at + 1] ?? 0) < 0x80) {
      coded = (coded & 0x7f) | ((bytes[at + 1] ?? 0) << 7);
      at += 2;
    } else {
      reader.offset = at;
      coded = reader.varint();
      at = reader.offset;
    }
    if (coded === 0) {
      reader.offset = at;
      const repeat = reader.varint() + 1;
      at = reader.offset;
      if (repeat > end - row) {
        throw new BatchError('batch/column', `zero run: expected at most ${end - row} rows, got ${repeat}`, {
          field: 'columns',
        });
      }
      if (!second) delta = 0;
      for (const last = row + repeat; row < last; row++) {
        value += delta;
        values[row] = power === 1 ? value : value / power;
      }
      continue;
    }
    const difference = fromZigzag(coded);
    if (second) delta += difference;
    else delta = difference;
    value += delta;
    values[row++] = power === 1 ? value : value / power;
  }
  reader.offset = at;
}

/** Each value's bits XOR its predecessor's, as eight byte planes: equal exponents become runs of zeros for zstd. */
function writeXor(values: Float64Array, writer: ByteWriter): void {
  const count = values.length;
  const bytes = bytesOf(values);
  const planes = new Uint8Array(count * 8);
  for (let plane = 0; plane < 8; plane++) {
    let previous = 0;
    for (let row = 0; row < count; row++) {
      const byte = bytes[row * 8 + plane] ?? 0;
      planes[plane * count + row] = byte ^ previous;
      previous = byte;
    }
  }
  writer.raw(planes);
}

function readXor(reader: ByteReader, values: Float64Array, start: number, count: number): void {
  const planes = reader.raw(count * 8);
  const bytes = bytesOf(values).subarray(start * 8);
  for (let plane = 0; plane < 8; plane++) {
    let previous = 0;
    for (let row = 0; row < count; row++) {
      previous ^= planes[plane * count + row] ?? 0;
      bytes[row * 8 + plane] = previous;
    }
  }
}
