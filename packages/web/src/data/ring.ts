import type { SeriesColumn, UnixMs } from '@tarsier/protocol';

const firstCapacity = 512;

/**
 * The newest samples of one series, without allocation per sample: two arrays of twice the kept length, moved back
 * to their start when the end is reached.
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

  /** Views of what is held, oldest first; valid until the next change. */
  get column(): SeriesColumn {
    return {
      times: this.#times.subarray(this.#start, this.#end),
      values: this.#values.subarray(this.#start, this.#end),
    };
  }

  /** Adds samples that are newer than all held ones; others, and NaN, are passed over (a frame may come twice). */
  append(times: Float64Array, values: Float64Array): void {
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
    while (this.length > 0 && this.newest >= from) this.#end--;
    this.append(times, values);
  }

  /** Drops samples older than `before`. */
  forget(before: UnixMs): void {
    while (this.#start < this.#end && (this.#times[this.#start] ?? Infinity) < before) this.#start++;
  }

  #makeRoom(): void {
    const full = this.length * 2 > this.#times.length;
    if (full) {
      const times = new Float64Array(this.#times.length * 2);
      const values = new Float64Array(times.length);
      times.set(this.column.times);
      values.set(this.column.values);
      this.#times = times;
      this.#values = values;
    } else {
      this.#times.copyWithin(0, this.#start, this.#end);
      this.#values.copyWithin(0, this.#start, this.#end);
    }
    this.#end -= this.#start;
    this.#start = 0;
  }
}
