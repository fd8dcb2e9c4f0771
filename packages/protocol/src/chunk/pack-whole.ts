/** Hot file: whole numbers (of scaled decimals, too) to few bytes: a transform, what all have in common, entropy. */
import { BatchError, type ByteReader, type ByteWriter } from '../bytes.ts';
import { decodeSymbols, encodeSymbols } from './rans.ts';

/** What is coded of a number: its distance from the first, its step, the change of its step, or itself. */
const transforms = { value: 0, delta: 1, deltaOfDelta: 2, itself: 3 } as const;
type Transform = (typeof transforms)[keyof typeof transforms];
const transformBits = 0x03;
const divisorBit = 0x04;
const offsetBit = 0x08;

/** Numbers below it are symbols of their own. */
const exactSymbols = 16;
/** Bits that go in or out at a time: with seven that wait they fit 32-bit arithmetic. */
const pieceBits = 24;
const pieceSize = 2 ** pieceBits;
/** Below it a number and its sign fit 32-bit arithmetic, which is several times faster. */
const smallLimit = 2 ** 31;

let residuals = new Float64Array(4_096);
let symbols = new Uint8Array(4_096);
let bitBytes = new Uint8Array(4_096);

/**
 * @param values       at least 2 whole numbers of at most 2^49
 * @param differences  whether they are differences already, so that taking them again gains nothing
 */
export function packWhole(values: Float64Array, differences: boolean, writer: ByteWriter): void {
  const length = values.length - 1;
  reserve(length);
  const [numbers, coded] = [residuals, symbols];
  const transform = differences ? transforms.itself : chooseTransform(values);
  const base = values[0] ?? 0;
  let previous = base;
  let previousStep = 0;
  let common = 0;
  let least = Infinity;
  let most = -Infinity;
  for (let at = 0; at < length; at++) {
    const value = values[at + 1] ?? 0;
    const step = value - previous;
    const residual =
      transform === transforms.delta
        ? step
        : transform === transforms.deltaOfDelta
          ? step - previousStep
          : transform === transforms.value
            ? value - base
            : value;
    previous = value;
    previousStep = step;
    numbers[at] = residual;
    if (residual < least) least = residual;
    if (residual > most) most = residual;
    // Pages of 4,096 bytes, sectors of 512: twelve bits of each sample that say nothing.
    if (common !== 1 && residual !== 0) common = commonDivisor(common, residual);
  }
  const divisor = Math.max(1, common);
  // Where the range is bounded, or all lie on one side, the least is taken off; else the sign becomes the lowest bit.
  const offset = transform === transforms.value || least >= 0 || most <= 0;
  writer.byte(transform | (divisor > 1 ? divisorBit : 0) | (offset ? offsetBit : 0));
  writer.zigzag(base);
  if (divisor > 1) writer.varint(divisor);
  if (offset) writer.zigzag(least / divisor);
  const taken = offset ? least : 0;
  for (let at = 0; at < length; at++) {
    let residual = (numbers[at] ?? 0) - taken;
    if (divisor > 1) residual /= divisor;
    if (!offset) residual = residual < 0 ? -2 * residual - 1 : 2 * residual;
    numbers[at] = residual;
    coded[at] = symbolOf(residual);
  }
  encodeSymbols(symbols, length, true, writer);
  writeLowBits(length, writer);
}

/**
 * @param power  the numbers are divided by it
 * @throws {BatchError} `batch/truncated`, `batch/column`, `batch/varint`
 */
export function unpackWhole(reader: ByteReader, values: Float64Array, count: number, power: number): void {
  const header = reader.byte();
  const transform = header & transformBits;
  if (header > (transformBits | divisorBit | offsetBit) || count < 2) {
    throw new BatchError('batch/column', `packed numbers: expected a known transform, got byte ${header}`, {
      field: 'columns',
    });
  }
  const base = reader.zigzag();
  const divisor = (header & divisorBit) === 0 ? 1 : reader.varint();
  const offset = (header & offsetBit) !== 0;
  const least = offset ? reader.zigzag() : 0;
  const length = count - 1;
  reserve(length);
  decodeSymbols(reader, symbols, length);
  readLowBits(length, reader);
  values[0] = base / power;
  const numbers = residuals;
  let value = base;
  let step = 0;
  for (let at = 0; at < length; at++) {
    let residual = numbers[at] ?? 0;
    if (offset) residual += least;
    else if (residual < smallLimit) residual = (residual >>> 1) ^ -(residual & 1);
    else residual = residual % 2 === 0 ? residual / 2 : (residual + 1) / -2;
    if (divisor > 1) residual *= divisor;
    if (transform === transforms.delta) value += residual;
    else if (transform === transforms.value) value = base + residual;
    else if (transform === transforms.itself) value = residual;
    else {
      step += residual;
      value += step;
    }
    values[at + 1] = power === 1 ? value : value / power;
  }
}

function reserve(length: number): void {
  if (symbols.length >= length) return;
  residuals = new Float64Array(length);
  symbols = new Uint8Array(length);
}

/** A number's size: itself below 16, then four symbols to an octave. @param value  whole, 0 to 2^53 */
function symbolOf(value: number): number {
  if (value < exactSymbols) return value;
  if (value < smallLimit) {
    const exponent = 31 - Math.clz32(value);
    return exactSymbols + (exponent - 4) * 4 + ((value >>> (exponent - 2)) & 3);
  }
  const high = Math.floor(value / pieceSize);
  const exponent = 31 - Math.clz32(high);
  return exactSymbols + (exponent + pieceBits - 4) * 4 + ((high >>> (exponent - 2)) & 3);
}

/** Bits of a number below what its symbol says; within a quarter of an octave there is little left to gain. */
const lowBitsOf = Uint8Array.from({ length: 256 }, (_, symbol) =>
  symbol < exactSymbols ? 0 : ((symbol - exactSymbols) >> 2) + 2,
);
/** The least number of each symbol. */
const leastOf = Float64Array.from({ length: 256 }, (_, symbol) =>
  symbol < exactSymbols ? symbol : (4 + ((symbol - exactSymbols) & 3)) * 2 ** (lowBitsOf[symbol] ?? 0),
);

/** Bytes of all low bits together. */
function lowBytes(coded: Uint8Array, length: number): number {
  let bits = 7;
  for (let at = 0; at < length; at++) bits += lowBitsOf[coded[at] ?? 0] ?? 0;
  return bits >>> 3;
}

function writeLowBits(length: number, writer: ByteWriter): void {
  const [numbers, coded] = [residuals, symbols];
  const size = lowBytes(coded, length);
  if (bitBytes.length < size) bitBytes = new Uint8Array(size);
  const bytes = bitBytes;
  let next = 0;
  let waiting = 0;
  let waitingBits = 0;
  for (let at = 0; at < length; at++) {
    let bits = lowBitsOf[coded[at] ?? 0] ?? 0;
    if (bits === 0) continue;
    let rest = numbers[at] ?? 0;
    for (; bits > pieceBits; bits -= pieceBits) {
      const high = Math.floor(rest / pieceSize);
      const piece = rest - high * pieceSize;
      bytes[next++] = waiting | (piece << waitingBits);
      bytes[next++] = piece >>> (8 - waitingBits);
      bytes[next++] = piece >>> (16 - waitingBits);
      waiting = piece >>> (24 - waitingBits);
      rest = high;
    }
    waiting |= (rest & ((1 << bits) - 1)) << waitingBits;
    waitingBits += bits;
    while (waitingBits >= 8) {
      bytes[next++] = waiting;
      waiting >>>= 8;
      waitingBits -= 8;
    }
  }
  if (waitingBits > 0) bytes[next++] = waiting;
  writer.raw(bytes.subarray(0, next));
}

/** Fills `residuals` from the symbols and the bits that follow them. */
function readLowBits(length: number, reader: ByteReader): void {
  const [numbers, coded] = [residuals, symbols];
  const bytes = reader.raw(lowBytes(coded, length));
  let next = 0;
  let waiting = 0;
  let waitingBits = 0;
  for (let at = 0; at < length; at++) {
    const symbol = coded[at] ?? 0;
    if (symbol < exactSymbols) {
      numbers[at] = symbol;
      continue;
    }
    let number = leastOf[symbol] ?? 0;
    let weight = 1;
    for (let bits = lowBitsOf[symbol] ?? 0; bits > 0; bits -= pieceBits) {
      const piece = bits < pieceBits ? bits : pieceBits;
      while (waitingBits < piece) {
        waiting |= (bytes[next++] ?? 0) << waitingBits;
        waitingBits += 8;
      }
      number += (waiting & ((1 << piece) - 1)) * weight;
      waiting >>>= piece;
      waitingBits -= piece;
      weight *= pieceSize;
    }
    numbers[at] = number;
  }
}

/** Values that are looked at to choose a transform: some stretches, so that a trend shows. */
const probe = { stretches: 4, length: 64 } as const;
const probed = new Float64Array(probe.stretches * probe.length);
const probeCounts = new Uint16Array(256);

/** The transform after which the numbers take the fewest bits. */
function chooseTransform(values: Float64Array): Transform {
  const stretch = Math.min(probe.length, Math.floor(values.length / probe.stretches));
  let best: Transform = transforms.delta;
  let least = Infinity;
  for (const transform of [transforms.delta, transforms.value, transforms.deltaOfDelta]) {
    let next = 0;
    for (let index = 0; index < probe.stretches; index++) {
      const start = Math.floor((index * (values.length - stretch)) / (probe.stretches - 1));
      for (let row = start + 2; row < start + stretch; row++) {
        const now = values[row] ?? 0;
        const step = now - (values[row - 1] ?? 0);
        probed[next++] =
          transform === transforms.value
            ? now
            : transform === transforms.delta
              ? step
              : step - (values[row - 1] ?? 0) + (values[row - 2] ?? 0);
      }
    }
    const bits = estimateBits(next, transform === transforms.value);
    if (bits < least) [least, best] = [bits, transform];
  }
  return best;
}

/** Of the first `count` numbers in `probed`: the entropy of their sizes, and the bits below. */
function estimateBits(count: number, bounded: boolean): number {
  let least = Infinity;
  for (let at = 0; at < count; at++) least = Math.min(least, probed[at] ?? 0);
  const offset = bounded || least >= 0;
  probeCounts.fill(0);
  let bits = 0;
  for (let at = 0; at < count; at++) {
    const number = probed[at] ?? 0;
    const symbol = symbolOf(offset ? number - least : number < 0 ? -2 * number - 1 : 2 * number);
    probeCounts[symbol] = (probeCounts[symbol] ?? 0) + 1;
    bits += lowBitsOf[symbol] ?? 0;
  }
  for (const occurs of probeCounts) if (occurs > 0) bits += occurs * Math.log2(count / occurs);
  return bits;
}

/** @param known  of the numbers before; 0 while there were none */
function commonDivisor(known: number, number: number): number {
  const quotient = number / known;
  if (Math.floor(quotient) === quotient && quotient * known === number) return known;
  let large = Math.abs(number);
  let small = known;
  while (small > 0) [large, small] = [small, large % small];
  return large;
}
