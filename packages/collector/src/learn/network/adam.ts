/** Hot file: steps against a gradient. */

/** As proposed in the paper. */
const [meanDecay, squareDecay, tiny] = [0.9, 0.999, 1e-8];

export interface AdamOptions {
  /** Of a weight, per step, in units of its gradient's usual size. */
  readonly rate: number;
  /** How strongly weights are drawn to where they rest, per unit of rate. */
  readonly decay: number;
}

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980) with weight decay apart from the gradient (Loshchilov & Hutter 2019,
 * arXiv:1711.05101).
 *
 * @param weights  are changed in place; what they are now is where they rest
 * @returns a step: changes the weights; `rate` is a factor on that of the options
 */
export function createAdam(
  weights: Float64Array,
  { rate, decay }: AdamOptions,
): (gradient: Float64Array, rateFactor: number) => void {
  const rest = weights.slice();
  const means = new Float64Array(weights.length);
  const squares = new Float64Array(weights.length);
  let [meanPower, squarePower] = [1, 1];
  return (gradient, rateFactor) => {
    meanPower *= meanDecay;
    squarePower *= squareDecay;
    const step = (rate * rateFactor) / (1 - meanPower);
    const squareScale = 1 / (1 - squarePower);
    const shrink = rate * rateFactor * decay;
    for (let at = 0; at < weights.length; at++) {
      const slope = gradient[at] ?? 0;
      const mean = (means[at] = meanDecay * (means[at] ?? 0) + (1 - meanDecay) * slope);
      const square = (squares[at] = squareDecay * (squares[at] ?? 0) + (1 - squareDecay) * slope * slope);
      const weight = weights[at] ?? 0;
      weights[at] =
        weight - (step * mean) / (Math.sqrt(square * squareScale) + tiny) - shrink * (weight - (rest[at] ?? 0));
    }
  };
}
