import type { SeriesColumn } from '@tarsier/protocol';

/** Gathers one series' samples from many batches. Hot: no object per sample. */
export class SeriesSamples {
  #times = new Float64Array(64);
  #values = new Float64Array(64);
  #length = 0;
  #ascending = true;

  push(time: number, value: number): void {
    if (this.#length === this.#times.length) this.#grow();
    if (this.#length > 0 && time <= (this.#times[this.#length - 1] ?? 0)) this.#ascending = false;
    this.#times[this.#length] = time;
    this.#values[this.#length++] = value;
  }

  /** In order of time; of two samples at one time, which two runs of an agent may give, the one pushed last. */
  column(): SeriesColumn {
    const times = this.#times.subarray(0, this.#length);
    const values = this.#values.subarray(0, this.#length);
    if (this.#ascending) return { times, values };
    const order = Array.from(times, (_, row) => row).toSorted((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
    const kept = order.filter((row, index) => times[row] !== times[order[index + 1] ?? -1]);
    return {
      times: Float64Array.from(kept, (row) => times[row] ?? 0),
      values: Float64Array.from(kept, (row) => values[row] ?? Number.NaN),
    };
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const values = new Float64Array(times.length);
    times.set(this.#times);
    values.set(this.#values);
    this.#times = times;
    this.#values = values;
  }
}
