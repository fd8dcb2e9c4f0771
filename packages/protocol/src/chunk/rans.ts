/**
 * Hot file: the entropy stage of chunks. A static range coder (rANS: Duda 2013, arXiv:1311.2540, in the byte-wise form
 * of Giesen) gets within 1 % of the symbols' entropy, where the Huffman stage of zstd spends a whole bit on each
 * symbol that is nearly certain: most samples of a host are "the same as before".
 */
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { BatchError } from '../bytes.ts';
import { modelCount, modelFrequencies, modelSymbols } from './models.ts';

const precisionBits = 12;
const total = 1 << precisionBits;
/** The state stays in [2^23, 2^31): one byte in or out at a time, all in 32-bit integers. */
const lowest = 1 << 23;

const counts = new Uint32Array(256);
const frequencies = new Uint16Array(256);
const starts = new Uint16Array(257);
const symbolOfSlot = new Uint8Array(total);
let scratch = new Uint8Array(4_096);
/** The symbols that `counts` knows, ascending. */
const occurringSymbols = new Uint8Array(256);
let occurring = 0;
const bitsOfFrequency = Float64Array.from(
  { length: total + 1 },
  (_, frequency) => precisionBits - Math.log2(frequency),
);
/** A symbol's distance from the former one, and its frequency. */
const bitsOfTableEntry = 18;

/** What comes first: all symbols the same, a table of frequencies, or (from 2 on) the model to take them from. */
const modes = { constant: 0, table: 1, firstModel: 2 } as const;

/**
 * Writes symbols: how often each is expected, then the coded bytes. Symbols that are all the same cost two bytes.
 *
 * @param count    at least 1
 * @param numbers  whether they are sizes of numbers, for which there are models
 */
export function encodeSymbols(symbols: Uint8Array, count: number, numbers: boolean, writer: ByteWriter): void {
  const counted = counts;
  counted.fill(0);
  for (let at = 0; at < count; at++) counted[symbols[at] ?? 0] = (counted[symbols[at] ?? 0] ?? 0) + 1;
  normalise(count);
  if (occurring === 1) {
    writer.byte(modes.constant);
    writer.byte(symbols[0] ?? 0);
    return;
  }
  const model = numbers ? betterModel() : undefined;
  if (model === undefined) {
    writer.byte(modes.table);
    writeTable(writer);
  } else {
    writer.byte(modes.firstModel + model);
    frequencies.fill(0);
    frequencies.set(modelFrequencies(model, total));
  }
  let start = 0;
  for (let symbol = 0; symbol < 256; symbol++) {
    starts[symbol] = start;
    start += frequencies[symbol] ?? 0;
  }

  // A symbol of frequency 1 costs 12 bits; bytes are written from the end, since the coder works backwards.
  const most = count * 2 + 8;
  if (scratch.length < most) scratch = new Uint8Array(most);
  let at = scratch.length;
  let state = lowest;
  for (let index = count - 1; index >= 0; index--) {
    const symbol = symbols[index] ?? 0;
    const frequency = frequencies[symbol] ?? 1;
    const limit = frequency * (lowest >>> precisionBits) * 256;
    while (state >= limit) {
      scratch[--at] = state & 0xff;
      state >>>= 8;
    }
    const quotient = (state / frequency) >>> 0;
    state = (quotient << precisionBits) + (state - quotient * frequency) + (starts[symbol] ?? 0);
  }
  for (let byte = 0; byte < 4; byte++) {
    scratch[--at] = state & 0xff;
    state >>>= 8;
  }
  writer.varint(scratch.length - at);
  writer.raw(scratch.subarray(at));
}

/**
 * Reads `count` symbols into `symbols`; takes hostile bytes.
 *
 * @throws {BatchError} `batch/truncated`, `batch/column`
 */
export function decodeSymbols(reader: ByteReader, symbols: Uint8Array, count: number): void {
  const mode = reader.byte();
  if (mode === modes.constant) {
    symbols.fill(reader.byte(), 0, count);
    return;
  }
  if (mode === modes.table) readTable(reader);
  else if (mode < modes.firstModel + modelCount) useModel(mode - modes.firstModel);
  else throw broken(`mode ${mode}`);
  const length = reader.varint();
  if (length < 4) throw broken(`${length} coded bytes, expected at least 4`);
  const bytes = reader.raw(length);
  let state = 0;
  let at = 0;
  for (; at < 4; at++) state = (state << 8) | (bytes[at] ?? 0);
  if (state < lowest) throw broken('a start outside the range');
  for (let index = 0; index < count; index++) {
    const slot = state & (total - 1);
    const next = symbolOfSlot[slot] ?? 0;
    symbols[index] = next;
    state = (frequencies[next] ?? 0) * (state >>> precisionBits) + slot - (starts[next] ?? 0);
    while (state < lowest) {
      if (at === length) throw broken('an end before the last symbol');
      state = (state << 8) | (bytes[at++] ?? 0);
    }
  }
  // The coder began here: anything else is not what was written.
  if (state !== lowest || at !== length) throw broken('an end other than the one written');
}

/** Bits that the symbols counted would take, but for the table. */
function codedBits(of: Uint16Array): number {
  let bits = 0;
  for (let at = 0; at < occurring; at++) {
    const symbol = occurringSymbols[at] ?? 0;
    bits += (counts[symbol] ?? 0) * (bitsOfFrequency[of[symbol] ?? 0] ?? 0);
  }
  return bits;
}

/** The model that beats a table of their own; undefined when none does. */
function betterModel(): number | undefined {
  if ((occurringSymbols[occurring - 1] ?? 0) >= modelSymbols) return undefined;
  // Costs fall towards the best model and rise after it.
  let from = 0;
  let to = modelCount - 1;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (codedBits(modelFrequencies(middle, total)) <= codedBits(modelFrequencies(middle + 1, total))) to = middle;
    else from = middle + 1;
  }
  const bits = codedBits(modelFrequencies(from, total));
  return bits < codedBits(frequencies) + occurring * bitsOfTableEntry ? from : undefined;
}

function writeTable(writer: ByteWriter): void {
  writer.byte(occurring - 1);
  let previous = -1;
  let left = occurring;
  for (let symbol = 0; symbol < 256; symbol++) {
    const frequency = frequencies[symbol] ?? 0;
    if (frequency === 0) continue;
    writer.byte(symbol - previous - 1);
    previous = symbol;
    // The last one is what is missing to the total.
    if (--left > 0) writer.varint(frequency);
  }
}

function readTable(reader: ByteReader): void {
  const distinct = reader.byte() + 1;
  let symbol = -1;
  let start = 0;
  for (let left = distinct; left > 0; left--) {
    symbol += reader.byte() + 1;
    if (symbol > 255) throw broken(`symbol ${symbol}, expected at most 255`);
    const frequency = left === 1 ? total - start : reader.varint();
    if (frequency < 1 || start + frequency > total) throw broken(`frequencies beyond ${total}`);
    frequencies[symbol] = frequency;
    starts[symbol] = start;
    symbolOfSlot.fill(symbol, start, start + frequency);
    start += frequency;
  }
}

function useModel(model: number): void {
  const of = modelFrequencies(model, total);
  let start = 0;
  for (let symbol = 0; symbol < modelSymbols; symbol++) {
    const frequency = of[symbol] ?? 0;
    frequencies[symbol] = frequency;
    starts[symbol] = start;
    symbolOfSlot.fill(symbol, start, start + frequency);
    start += frequency;
  }
}

/** Fills `frequencies` so that they add up to the total, at least 1 for each symbol that occurs; counts those. */
function normalise(count: number): void {
  occurring = 0;
  let sum = 0;
  let largest = 0;
  for (let symbol = 0; symbol < 256; symbol++) {
    const occurs = counts[symbol] ?? 0;
    if (occurs === 0) {
      frequencies[symbol] = 0;
      continue;
    }
    occurringSymbols[occurring++] = symbol;
    const frequency = Math.max(1, Math.floor((occurs * total) / count));
    frequencies[symbol] = frequency;
    sum += frequency;
    if (occurs > (counts[largest] ?? 0)) largest = symbol;
  }
  // Rounding down leaves some over for the commonest; rounding up to 1 may have taken some too many.
  while (sum > total) {
    let richest = 0;
    for (let symbol = 1; symbol < 256; symbol++) {
      if ((frequencies[symbol] ?? 0) > (frequencies[richest] ?? 0)) richest = symbol;
    }
    const take = Math.min(sum - total, (frequencies[richest] ?? 0) >>> 1);
    frequencies[richest] = (frequencies[richest] ?? 0) - take;
    sum -= take;
  }
  frequencies[largest] = (frequencies[largest] ?? 0) + total - sum;
}

function broken(what: string): BatchError {
  return new BatchError('batch/column', `coded symbols: got ${what}`, { field: 'columns' });
}
