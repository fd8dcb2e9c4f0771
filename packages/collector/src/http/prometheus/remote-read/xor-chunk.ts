/**
 * Hot file: Prometheus's chunks of floats, bit for bit as its `chunkenc.XORChunk` makes them: the change of the distance
 * between times, and the bits of a value that are not those of the one before.
 */
import type { SeriesColumn } from '@tarsier/protocol';
import { bitsOf } from '@tarsier/protocol/chunk';

/** As many as Prometheus puts into one. */
export const samplesPerChunk = 120;

/** Chunks of the samples from row `from` to row `to` (not included), which are at most 65,535. */
export function encodeXorChunk({ times, values }: SeriesColumn, from: number, to: number): Uint8Array {
  const bits = new BitWriter();
  const halves = bitsOf(values);
  bits.write(to - from, 16);
  let [time, distance, leading, trailing] = [0, 0, 0xff, 0];
  let [low, high] = [0, 0];
  for (let row = from; row < to; row++) {
    const next = times[row] ?? 0;
    const [nextLow, nextHigh] = [halves[row * 2] ?? 0, halves[row * 2 + 1] ?? 0];
    if (row === from) {
      bits.varint(next < 0 ? -next * 2 - 1 : next * 2);
      bits.write(nextHigh, 32);
      bits.write(nextLow, 32);
    } else {
      const step = next - time;
      if (row === from + 1) bits.varint(step);
      else writeChange(bits, step - distance);
      distance = step;
      const [changedLow, changedHigh] = [(low ^ nextLow) >>> 0, (high ^ nextHigh) >>> 0];
      if (changedLow === 0 && changedHigh === 0) bits.write(0, 1);
      else {
        // Five bits say how many zeros there are at the beginning.
        const zeros = Math.min(31, Math.clz32(changedHigh));
        const ends = changedLow === 0 ? 32 + trailingZeros(changedHigh) : trailingZeros(changedLow);
        if (leading !== 0xff && zeros >= leading && ends >= trailing) bits.write(0b10, 2);
        else {
          [leading, trailing] = [zeros, ends];
          bits.write(0b11, 2);
          bits.write(leading, 5);
          // All 64 are written as 0.
          bits.write((64 - leading - trailing) & 63, 6);
        }
        writeWindow(bits, changedLow, changedHigh, trailing, 64 - leading - trailing);
      }
    }
    [time, low, high] = [next, nextLow, nextHigh];
  }
  return bits.bytes();
}

/** Of the distance to the time before, in as few bits as it fits. */
function writeChange(bits: BitWriter, change: number): void {
  if (change === 0) bits.write(0, 1);
  else if (fits(change, 14)) {
    bits.write(0b10, 2);
    bits.write(change, 14);
  } else if (fits(change, 17)) {
    bits.write(0b110, 3);
    bits.write(change, 17);
  } else if (fits(change, 20)) {
    bits.write(0b1110, 4);
    bits.write(change, 20);
  } else {
    bits.write(0b1111, 4);
    bits.write(Math.floor(change / 2 ** 32), 32);
    bits.write(change, 32);
  }
}

function fits(change: number, bits: number): boolean {
  return change >= 1 - 2 ** (bits - 1) && change <= 2 ** (bits - 1);
}

/** The `count` bits of a number of 64 that are left without its last `trailing`. */
function writeWindow(bits: BitWriter, low: number, high: number, trailing: number, count: number): void {
  if (trailing >= 32) {
    bits.write(high >>> (trailing - 32), count);
    return;
  }
  const shiftedLow = trailing === 0 ? low : (low >>> trailing) | (high << (32 - trailing));
  if (count <= 32) bits.write(shiftedLow, count);
  else {
    bits.write(high >>> trailing, count - 32);
    bits.write(shiftedLow, 32);
  }
}

function trailingZeros(number: number): number {
  return 31 - Math.clz32(number & -number);
}

/** The highest bit of each byte first. */
class BitWriter {
  #bytes = new Uint8Array(512);
  #length = 0;
  /** Of the last byte. */
  #free = 0;

  /** The lowest `count` bits of a number in two's complement, at most 32. */
  write(value: number, count: number): void {
    for (let left = count; left > 0;) {
      if (this.#free === 0) this.#grow();
      const taken = Math.min(left, this.#free);
      const part = (value >>> (left - taken)) & (2 ** taken - 1);
      const last = this.#length - 1;
      this.#bytes[last] = (this.#bytes[last] ?? 0) | (part << (this.#free - taken));
      this.#free -= taken;
      left -= taken;
    }
  }

  /** LEB128 of a whole number of up to 54 bits. */
  varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.write((rest % 128) | 0x80, 8);
    this.write(rest, 8);
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#length++;
    this.#free = 8;
  }
}
