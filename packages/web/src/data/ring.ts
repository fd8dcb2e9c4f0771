import type { SeriesColumn, UnixMs } from '@tarsier/protocol';
import { bridged, typicalInterval } from '../chart/align.ts';

const firstCapacity = 512;

interface Column {
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/**
 * The newest samples of one series, without allocation per sample: two arrays of twice the kept length, and others when
 * their end is reached. Where a sample was it stays: what was given of them can be drawn and held without a copy.
 */
export class SeriesRing {
  readonly #windowMs: number;
  #times = new Float64Array(firstCapacity);
  #values = new Float64Array(firstCapacity);
  #start = 0;
  #end = 0;

  /** @param windowMs  samples older than the newest minus this are forgotten */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Time of the newest sample; -Infinity when empty. */
  get newest(): UnixMs {
    return this.length === 0 ? -Infinity : (this.#times[this.#end - 1] ?? -Infinity);
  }

  /** What is held now, oldest first; it does not change any more. */
  get column(): SeriesColumn {
    return {
      times: this.#times.subarray(this.#start, this.#end),
      values: this.#values.subarray(this.#start, this.#end),
    };
  }

  /**
   * Time of the last sample before the first hole that ends at `from` or later, as a line would break there; undefined
   * when there is none.
   */
  beforeHole(from: UnixMs): UnixMs | undefined {
    const { times } = this.column;
    const longest = bridged * typicalInterval(times);
    return times.find((time, i) => {
      const next = times[i + 1] ?? time;
      return next >= from && next - time > longest;
    });
  }

  /** Adds samples; those of a time that is held, and NaN, are passed over (a frame may come twice). */
  append(times: Float64Array, values: Float64Array): void {
    // What an agent could not send at once comes after what is newer.
    if ((times[0] ?? NaN) < this.newest) return this.fill(times, values);
    for (let i = 0; i < times.length; i++) {
      const time = times[i] ?? NaN;
      const value = values[i] ?? NaN;
      if (!(time > this.newest) || Number.isNaN(value)) continue;
      if (this.#end === this.#times.length) this.#makeRoom();
      this.#times[this.#end] = time;
      this.#values[this.#end] = value;
      this.#end++;
    }
    this.forget(this.newest - this.#windowMs);
  }

  /**
   * Puts a snapshot in the place of what is held from its first time on. Older samples stay: the collector's window
   * may be shorter than ours, and empty after its restart.
   */
  merge(times: Float64Array, values: Float64Array): void {
    const from = times[0];
    if (from === undefined) return;
    const { newest } = this;
    while (this.length > 0 && this.newest >= from) this.#end--;
    if (newest >= from) this.#move(this.#times.length);
    this.append(times, values);
  }

  /** Puts samples where there are none: what is held already stays as it is. */
  fill(times: Float64Array, values: Float64Array): void {
    const held = this.column;
    const merged = mergeColumns(held, { times, values });
    if (merged.times.length === held.times.length) return;
    this.#hold(merged, Math.max(firstCapacity, 2 * merged.times.length));
    this.forget(this.newest - this.#windowMs);
  }

  /** Drops samples older than `before`. */
  forget(before: UnixMs): void {
    while (this.#start < this.#end && (this.#times[this.#start] ?? Infinity) < before) this.#start++;
  }

  #makeRoom(): void {
    const isFull = this.length * 2 > this.#times.length;
    this.#move(this.#times.length * (isFull ? 2 : 1));
  }

  #move(capacity: number): void {
    this.#hold(this.column, capacity);
  }

  #hold({ times, values }: Column, capacity: number): void {
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
    this.#times.set(times);
    this.#values.set(values);
    this.#start = 0;
    this.#end = times.length;
  }
}

/** Both in order of time; of two samples of one time the first column's. NaN is passed over. */
function mergeColumns(first: SeriesColumn, second: SeriesColumn): Column {
  const times: number[] = [];
  const values: number[] = [];
  let i = 0;
  let j = 0;
  while (i < first.times.length || j < second.times.length) {
    const a = first.times[i] ?? Infinity;
    const b = second.times[j] ?? Infinity;
    const value = a <= b ? first.values[i] : second.values[j];
    if (value !== undefined && !Number.isNaN(value)) {
      times.push(Math.min(a, b));
      values.push(value);
    }
    if (a <= b) i++;
    if (b <= a) j++;
  }
  return { times, values };
}
