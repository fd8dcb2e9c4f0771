/** Sums that lose nothing where large and small numbers meet (Neumaier 1974, doi:10.1002/zamm.19740540106). */

/** A sum and what rounding took from it. */
export class Sum {
  sum = 0;
  #lost = 0;

  add(value: number): void {
    const total = this.sum + value;
    if (total === Infinity || total === -Infinity) this.#lost = 0;
    else if (Math.abs(this.sum) >= Math.abs(value)) this.#lost += this.sum - total + value;
    else this.#lost += value - total + this.sum;
    this.sum = total;
  }

  get total(): number {
    return this.sum + this.#lost;
  }
}

/** The {@link Sum} of `values[from..to)`, without an object. */
export function sumOver(values: Float64Array, from: number, to: number): number {
  let [total, lost] = [0, 0];
  for (let row = from; row < to; row++) {
    const value = values[row] ?? 0;
    const next = total + value;
    if (next === Infinity || next === -Infinity) lost = 0;
    else if (Math.abs(total) >= Math.abs(value)) lost += total - next + value;
    else lost += value - next + total;
    total = next;
  }
  return total + lost;
}

/**
 * An average as Prometheus computes it: by the sum as long as that is finite, else by a running mean, so that the mean
 * of numbers near the largest is not infinite.
 */
export class Mean {
  #sum = 0;
  #lost = 0;
  #count = 0;
  #running = false;

  add(value: number): void {
    this.#count++;
    if (this.#count === 1) {
      this.#sum = value;
      return;
    }
    if (!this.#running) {
      const total = this.#sum + value;
      if (total !== Infinity && total !== -Infinity) {
        this.#lost += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - total + value : value - total + this.#sum;
        this.#sum = total;
        return;
      }
      this.#running = true;
      this.#sum /= this.#count - 1;
      this.#lost /= this.#count - 1;
    }
    this.#addToMean(value);
  }

  get mean(): number {
    if (this.#running) return this.#sum + this.#lost;
    return this.#sum / this.#count + this.#lost / this.#count;
  }

  #addToMean(value: number): void {
    const mean = this.#sum;
    const infinite = mean === Infinity || mean === -Infinity;
    // An infinite mean stays what it is, but for NaN and the other infinity.
    if (infinite && (value === mean || Number.isFinite(value))) return;
    const weight = (this.#count - 1) / this.#count;
    const [before, part] = [weight * mean, value / this.#count];
    const lost = weight * this.#lost;
    const total = before + part;
    if (total === Infinity || total === -Infinity) this.#lost = 0;
    else this.#lost = lost + (Math.abs(before) >= Math.abs(part) ? before - total + part : part - total + before);
    this.#sum = total;
  }
}
