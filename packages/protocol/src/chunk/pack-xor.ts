/** Hot file: doubles that are no short decimals: which ones changed, and the bits by which they did. */
import { ByteWriter, type ByteReader, BatchError } from '../bytes.ts';
import { bitsOf, bytesOf } from '../column.ts';
import { decodeSymbols, encodeSymbols } from './rans.ts';

const planes = 8;
const coded = new ByteWriter();

/** @param values  at least 2 */
export function packXor(values: Float64Array, writer: ByteWriter): void {
  const length = values.length - 1;
  const bits = bitsOf(values);
  const bytes = bytesOf(values);
  writer.raw(bytes.subarray(0, 8));
  const changed = new Uint8Array(length);
  const rows: number[] = [];
  for (let at = 0; at < length; at++) {
    const word = at * 2;
    if (bits[word] === bits[word + 2] && bits[word + 1] === bits[word + 3]) continue;
    changed[at] = 1;
    rows.push(at);
  }
  encodeSymbols(changed, length, false, writer);
  if (rows.length === 0) return;
  const plane = new Uint8Array(rows.length);
  for (let byte = 0; byte < planes; byte++) {
    for (const [index, row] of rows.entries()) {
      plane[index] = (bytes[row * 8 + byte] ?? 0) ^ (bytes[row * 8 + 8 + byte] ?? 0);
    }
    coded.reset();
    encodeSymbols(plane, plane.length, false, coded);
    // The low bytes of a measured double are noise.
    const smaller = coded.length < plane.length;
    writer.byte(smaller ? 1 : 0);
    writer.raw(smaller ? coded.view() : plane);
  }
}

/** @throws {BatchError} `batch/truncated`, `batch/column` */
export function unpackXor(reader: ByteReader, values: Float64Array, count: number): void {
  if (count < 2) throw new BatchError('batch/column', `packed doubles: expected 2 or more, got ${count}`);
  const bytes = bytesOf(values);
  const bits = bitsOf(values);
  bytes.set(reader.raw(8));
  const changed = new Uint8Array(count - 1);
  decodeSymbols(reader, changed, count - 1);
  let changes = 0;
  for (const flag of changed) changes += flag === 0 ? 0 : 1;
  const differences = Array.from({ length: changes > 0 ? planes : 0 }, () => {
    if (reader.byte() === 0) return reader.raw(changes);
    const plane = new Uint8Array(changes);
    decodeSymbols(reader, plane, changes);
    return plane;
  });
  let next = 0;
  for (let row = 1; row < count; row++) {
    bits[row * 2] = bits[row * 2 - 2] ?? 0;
    bits[row * 2 + 1] = bits[row * 2 - 1] ?? 0;
    if (changed[row - 1] === 0) continue;
    for (const [byte, plane] of differences.entries()) {
      bytes[row * 8 + byte] = (bytes[row * 8 + byte] ?? 0) ^ (plane[next] ?? 0);
    }
    next++;
  }
}
