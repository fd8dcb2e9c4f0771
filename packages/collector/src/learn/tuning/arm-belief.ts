/**
 * What is believed of each arm in each context: a Gaussian process over both (Krause & Ong 2011, "Contextual Gaussian
 * process bandit optimization", NIPS 24), so that what is seen of one threshold says something of its neighbours.
 */

/** Neighbouring arms are alike, over so many places; the rest of an arm's worth is its own. */
const kernel = { length: 1.5, shared: 0.75, acrossContexts: 0.7 } as const;

/** Rewards of an arm in a context. */
export interface Seen {
  count: number;
  sum: number;
  squares: number;
}

export class ArmBelief {
  readonly #arms: number;
  readonly #contexts: number;
  readonly #mean: Float64Array;
  readonly #covariance: Float64Array;

  /**
   * @param seen  by context, then by arm; rewards relative to those of the arm `reference`, which is worth 0
   * @param noise  variance of one reward
   */
  constructor(seen: readonly (readonly Readonly<Seen>[])[], reference: number, noise: number) {
    this.#contexts = seen.length;
    this.#arms = seen[0]?.length ?? 0;
    const size = this.#arms * this.#contexts;
    this.#mean = new Float64Array(size);
    this.#covariance = new Float64Array(size * size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) this.#covariance[i * size + j] = this.#prior(i, j, noise);
    for (const [context, arms] of seen.entries()) {
      this.#observe(context * this.#arms + reference, 0, 1e-9 * noise);
      for (const [arm, { count, sum }] of arms.entries()) {
        if (count > 0 && arm !== reference) this.#observe(context * this.#arms + arm, sum / count, noise / count);
      }
    }
  }

  /** Means and covariances of the arms, over contexts with these weights, whose sum is 1. */
  over(weights: readonly number[]): { readonly means: Float64Array; readonly covariance: Float64Array } {
    const arms = this.#arms;
    const size = arms * this.#contexts;
    const means = new Float64Array(arms);
    const covariance = new Float64Array(arms * arms);
    for (const [context, weight] of weights.entries()) {
      for (let arm = 0; arm < arms; arm++) {
        const row = context * arms + arm;
        means[arm] = (means[arm] ?? 0) + weight * (this.#mean[row] ?? 0);
        for (const [other, share] of weights.entries()) {
          for (let to = 0; to < arms; to++) {
            const at = arm * arms + to;
            covariance[at] =
              (covariance[at] ?? 0) + weight * share * (this.#covariance[row * size + other * arms + to] ?? 0);
          }
        }
      }
    }
    return { means, covariance };
  }

  #prior(i: number, j: number, variance: number): number {
    const apart = (i % this.#arms) - (j % this.#arms);
    const isSameContext = Math.floor(i / this.#arms) === Math.floor(j / this.#arms);
    const alike = kernel.shared * Math.exp(-(apart ** 2) / (2 * kernel.length ** 2));
    return variance * (alike + (apart === 0 ? 1 - kernel.shared : 0)) * (isSameContext ? 1 : kernel.acrossContexts);
  }

  /** Conditions on one value: a rank-one update. */
  #observe(at: number, value: number, variance: number): void {
    const size = this.#mean.length;
    const row = this.#covariance.slice(at * size, (at + 1) * size);
    const total = (row[at] ?? 0) + variance;
    const surprise = value - (this.#mean[at] ?? 0);
    for (let i = 0; i < size; i++) {
      const gain = (row[i] ?? 0) / total;
      this.#mean[i] = (this.#mean[i] ?? 0) + gain * surprise;
      for (let j = 0; j < size; j++) {
        this.#covariance[i * size + j] = (this.#covariance[i * size + j] ?? 0) - gain * (row[j] ?? 0);
      }
    }
  }
}

/** Draws from a normal distribution of several numbers (Cholesky), all at once. */
export function createDraws(
  { means, covariance }: { readonly means: Float64Array; readonly covariance: Float64Array },
  noise: () => number,
): () => Float64Array {
  const size = means.length;
  const root = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = covariance[i * size + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (root[i * size + k] ?? 0) * (root[j * size + k] ?? 0);
      const pivot = root[j * size + j] ?? 0;
      // What is known already has no variance left but what rounding gives it.
      root[i * size + j] = i === j ? Math.sqrt(Math.max(0, sum)) : pivot > 1e-12 ? sum / pivot : 0;
    }
  }
  return () => {
    const normal = Float64Array.from({ length: size }, noise);
    return means.map((mean, i) => {
      let value = mean;
      for (let k = 0; k <= i; k++) value += (root[i * size + k] ?? 0) * (normal[k] ?? 0);
      return value;
    });
  };
}
