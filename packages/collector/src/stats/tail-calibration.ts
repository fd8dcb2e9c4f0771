/** Hot file: what is said of quiet steps becomes as rare as it says. `pnpm detect:power` shows how well that works. */
import type { Arena } from './arena.ts';

/** Of the two quantiles: what is assumed at first counts as so many steps, and what is learnt is no farther from that. */
const tenth = { surprise: 1, prior: 500, most: 0.4 } as const;
const hundredth = { surprise: 2, prior: 2_000, most: 1.2 } as const;
/** Mean of what is beyond the second quantile, in powers of ten: of an exact chance, and how far from that it may be. */
const excess = { mean: Math.LOG10E, least: 0.2, most: 1.3, prior: 20 } as const;
/** No single step says more of what is beyond: an anomaly is not how quiet steps look. */
const mostExcess = 2;
/** Steps in a row that may be odd where neighbours tell nothing of each other: what lasts longer is a fault. */
const longestRun = 16;
/** Steps after which older ones count less. */
const horizon = 20_000;

const slots = { steps: 0, tenth: 1, hundredth: 2, excesses: 3, mean: 4, run: 5, size: 6 } as const;

/**
 * Surprises that are too large or too small for how often they come, made right by how often they came (probability
 * integral transform: Dawid 1984, doi:10.2307/2981683). The surprises that one in 10 and one in 100 steps have had are
 * followed step by step (stochastic approximation: Robbins & Monro 1951, doi:10.1214/aoms/1177729586), and the mean of
 * what is beyond; in between and beyond it is a straight line. It begins as what is said, and stays near it.
 */
export class TailCalibration {
  static readonly bytes = slots.size * 8;
  readonly #state: Float64Array;
  readonly #alike: number;

  /**
   * @param alike  how many neighbouring steps tell the same, 1 for independent ones: so much slower is learnt
   * @param after  steps that teach nothing: what is said is trusted that long
   */
  constructor(arena: Arena, alike: number, after = 0) {
    this.#alike = alike;
    this.#state = arena.doubles(slots.size);
    this.#state[slots.steps] = -after;
    this.#state[slots.tenth] = tenth.surprise;
    this.#state[slots.hundredth] = hundredth.surprise;
    this.#state[slots.mean] = excess.mean;
  }

  /**
   * @param surprise  >= 0, or NaN for no verdict
   * @returns as of a chance that is right, by the steps before; NaN of NaN
   */
  push(surprise: number): number {
    if (Number.isNaN(surprise)) return surprise;
    const calibrated = this.#calibrated(surprise);
    this.#learn(surprise);
    return calibrated;
  }

  #calibrated(surprise: number): number {
    const state = this.#state;
    const [low, high] = [state[slots.tenth] ?? 0, state[slots.hundredth] ?? 0];
    if (surprise <= low) return (surprise / low) * tenth.surprise;
    if (surprise <= high) return tenth.surprise + (surprise - low) / (high - low);
    return hundredth.surprise + ((surprise - high) * excess.mean) / (state[slots.mean] ?? 0);
  }

  #learn(surprise: number): void {
    const state = this.#state;
    const [low, high] = [state[slots.tenth] ?? 0, state[slots.hundredth] ?? 0];
    const run = surprise > low ? (state[slots.run] ?? 0) + 1 : 0;
    state[slots.run] = run;
    if (run > longestRun * this.#alike) return;
    const steps = Math.min((state[slots.steps] ?? 0) + 1, horizon);
    state[slots.steps] = steps;
    if (steps <= 0) return;
    state[slots.tenth] = moved(low, surprise, steps, tenth, this.#alike);
    state[slots.hundredth] = moved(high, surprise, steps, hundredth, this.#alike);
    if (surprise <= high) return;
    const excesses = Math.min((state[slots.excesses] ?? 0) + 1, horizon / 100);
    const mean = state[slots.mean] ?? 0;
    const next = mean + (Math.min(surprise - high, mostExcess) - mean) / (excesses + this.#alike * excess.prior);
    state[slots.excesses] = excesses;
    state[slots.mean] = Math.max(excess.least, Math.min(excess.most, next));
  }
}

/** One step of a quantile towards where so large a share of the surprises is beyond it. */
function moved(
  quantile: number,
  surprise: number,
  steps: number,
  { surprise: assumed, prior, most }: typeof tenth | typeof hundredth,
  alike: number,
): number {
  const share = 10 ** -assumed;
  // By the density there, were it exact: the largest step that settles.
  const step = (Number(surprise > quantile) - share) / (share * Math.LN10) / (steps + alike * prior);
  return Math.max(assumed - most, Math.min(assumed + most, quantile + step));
}
