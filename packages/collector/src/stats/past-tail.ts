/** Hot file: how unusually high a number is among those before it. `pnpm bench detect` shows what it costs. */
import type { Arena } from './arena.ts';
import { nextRandomState, randomOf } from './random.ts';

/** Values of the past that are kept. */
const capacity = 1000;
/** Once so many values were seen, older ones are forgotten as new ones come. */
const horizon = 4 * capacity;
/** Values before anything is judged. */
const warmup = 50;
/** Share of the past below the part that is modelled as a tail. */
const bodyShare = 0.9;
/** Shapes beyond have no variance, which the method of moments needs. */
const heaviestShape = 0.5;
/** No single value is evidence of more: one chance in 10^30. */
const mostSurprise = 30;

/** Their sums and ratios are numbers. */
const largest = 1e38;

const slots = { count: 0, seen: 1, random: 2 } as const;

/**
 * The upper tail of a series of numbers against its own past, with bounded memory: a uniform sample of the past
 * (reservoir sampling, Vitter 1985, doi:10.1145/3147.3165), in which ranks give the probability of what is common, and
 * a generalised Pareto distribution of the excesses over the 90 % quantile, by its first two moments, that of what is
 * rare (peaks over thresholds: Hosking & Wallis 1987, doi:10.1080/00401706.1987.10488243; online as in SPOT, Siffer et
 * al. 2017, doi:10.1145/3097983.3098144). The shape is kept at 0 or more: that rare values are impossible is nothing
 * that a thousand values tell.
 */
export class PastTail {
  static readonly bytes = capacity * 4 + 3 * 8;
  readonly #sorted: Float32Array;
  readonly #state: Float64Array;

  constructor(arena: Arena, seed: number) {
    this.#sorted = arena.singles(capacity);
    this.#state = arena.doubles(3);
    this.#state[slots.random] = seed >>> 0;
  }

  /**
   * @param value  finite; taken in single precision, and beyond 1e38 as that
   * @returns -log10 of the chance that a value like the past is as high, >= 0; NaN while less than 50 are known
   */
  push(value: number): number {
    const surprise = this.surpriseOf(value);
    this.#learn(value);
    return surprise;
  }

  /** As {@link PastTail.push}, without learning the value. */
  surpriseOf(exact: number): number {
    const count = this.#state[slots.count] ?? 0;
    if (count < warmup) return Number.NaN;
    const value = singleOf(exact);
    const body = Math.floor(count * bodyShare);
    const threshold = this.#sorted[body] ?? 0;
    if (value <= threshold) return -Math.log10(Math.max(1, count - this.#rank(value)) / (count + 1));
    return Math.min(mostSurprise, this.#tailSurprise(value, threshold, body, count));
  }

  /**
   * @param share  0 to 1
   * @returns the value that so large a share of the past is below; NaN while less than 50 are known
   */
  quantile(share: number): number {
    const count = this.#state[slots.count] ?? 0;
    return count < warmup ? Number.NaN : (this.#sorted[Math.round(share * (count - 1))] ?? 0);
  }

  #tailSurprise(value: number, threshold: number, body: number, count: number): number {
    const exceeding = count - body;
    let sum = 0;
    for (let at = body; at < count; at++) sum += (this.#sorted[at] ?? 0) - threshold;
    const mean = sum / exceeding;
    const ofTail = -Math.log10(exceeding / count);
    // All of the tail is one value, and this one is larger: a chance of one in all that was seen.
    if (!(mean > 0)) return Math.log10(1 + count);
    let squares = 0;
    for (let at = body; at < count; at++) {
      // In units of the mean, so that neither huge nor tiny values leave the range of numbers.
      const deviation = ((this.#sorted[at] ?? 0) - threshold) / mean - 1;
      squares += deviation * deviation;
    }
    const shape = Math.min(Math.max(0, 0.5 * (1 - exceeding / Math.max(squares, 1e-9))), heaviestShape);
    const relative = (value - threshold) / mean / (1 - shape);
    return ofTail + (shape < 1e-3 ? relative / Math.LN10 : Math.log10(1 + shape * relative) / shape);
  }

  #learn(exact: number): void {
    const value = singleOf(exact);
    const state = this.#state;
    const count = state[slots.count] ?? 0;
    const seen = Math.min((state[slots.seen] ?? 0) + 1, horizon);
    state[slots.seen] = seen;
    if (count < capacity) {
      this.#insert(value, count);
      state[slots.count] = count + 1;
      return;
    }
    if (this.#random() >= capacity / seen) return;
    const removed = Math.floor(this.#random() * capacity);
    this.#sorted.copyWithin(removed, removed + 1);
    this.#insert(value, capacity - 1);
  }

  #insert(value: number, count: number): void {
    const at = this.#rank(value, count);
    this.#sorted.copyWithin(at + 1, at, count);
    this.#sorted[at] = value;
  }

  /** Values that are less. */
  #rank(value: number, count = this.#state[slots.count] ?? 0): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #random(): number {
    const next = nextRandomState(this.#state[slots.random] ?? 0);
    this.#state[slots.random] = next;
    return randomOf(next);
  }
}

/** What is compared with values of the past has to be rounded as they were: else a constant is more than it was before. */
function singleOf(value: number): number {
  return Math.fround(Math.max(-largest, Math.min(largest, value)));
}
