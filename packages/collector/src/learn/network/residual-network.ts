/** Hot file: a residual network of dense layers, what it answers, and the gradient of its weights. */

export interface NetworkShape {
  /** Numbers that go in, and that come out. */
  readonly inputs: number;
  readonly outputs: number;
  /** Of the hidden layers. */
  readonly width: number;
  /** Pairs of layers that add to what goes past them. */
  readonly blocks: number;
}

export interface ResidualNetwork {
  readonly shape: NetworkShape;
  /** All of them, in one column; changed in place by who trains. */
  readonly weights: Float64Array;
  /** Place of the weight by which an input goes straight into an output. */
  direct(output: number, input: number): number;
  /** @returns the outputs, in an array that the next call overwrites */
  forward(input: Float64Array): Float64Array;
  /**
   * For the input of the last {@link forward}.
   *
   * @param outputGradient  of the loss by each output
   * @param gradient  of the loss by each weight; is added to
   */
  backward(outputGradient: Float64Array, gradient: Float64Array): void;
}

/** Rows of weights by a column of inputs, and a bias for each row, from `at` on. */
interface Layer {
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
}

const sizeOf = ({ rows, columns }: Layer): number => rows * (columns + 1);

/**
 * A rectified layer, `blocks` residual blocks (He et al. 2016, arXiv:1512.03385), and a linear way around all of them,
 * without which a network needs much data to learn that tomorrow is like today (Zeng et al. 2023, arXiv:2205.13504).
 * Weights are 0.
 */
export function createResidualNetwork(shape: NetworkShape): ResidualNetwork {
  const { inputs, outputs, width, blocks } = shape;
  let size = 0;
  const layer = (rows: number, columns: number): Layer => {
    const made = { at: size, rows, columns };
    size += sizeOf(made);
    return made;
  };
  const first = layer(width, inputs);
  const pairs = Array.from({ length: blocks }, () => ({ inner: layer(width, width), outer: layer(width, width) }));
  const head = layer(outputs, width);
  const around = layer(outputs, inputs);
  const weights = new Float64Array(size);

  let given: Float64Array = new Float64Array(inputs);
  // What each block is given, and what the last hands on.
  const hidden = Array.from({ length: blocks + 1 }, () => new Float64Array(width));
  const inner = Array.from({ length: blocks }, () => new Float64Array(width));
  const output = new Float64Array(outputs);
  const hiddenGradient = new Float64Array(width);
  const innerGradient = new Float64Array(width);

  return {
    shape,
    weights,
    direct: (output, input) => around.at + output * (inputs + 1) + input,
    forward(input) {
      given = input;
      let current = columnAt(hidden, 0);
      current.fill(0);
      addProduct(weights, first, input, current);
      rectify(current);
      for (const [block, pair] of pairs.entries()) {
        const between = columnAt(inner, block);
        between.fill(0);
        addProduct(weights, pair.inner, current, between);
        rectify(between);
        const next = columnAt(hidden, block + 1);
        next.set(current);
        addProduct(weights, pair.outer, between, next);
        current = next;
      }
      output.fill(0);
      addProduct(weights, head, current, output);
      addProduct(weights, around, input, output);
      return output;
    },
    backward(outputGradient, gradient) {
      hiddenGradient.fill(0);
      addGradient(weights, gradient, around, given, outputGradient, undefined);
      addGradient(weights, gradient, head, columnAt(hidden, blocks), outputGradient, hiddenGradient);
      for (let block = blocks - 1; block >= 0; block--) {
        const pair = pairs[block];
        if (pair === undefined) continue;
        const between = columnAt(inner, block);
        innerGradient.fill(0);
        addGradient(weights, gradient, pair.outer, between, hiddenGradient, innerGradient);
        stopWhereZero(innerGradient, between);
        addGradient(weights, gradient, pair.inner, columnAt(hidden, block), innerGradient, hiddenGradient);
      }
      stopWhereZero(hiddenGradient, columnAt(hidden, 0));
      addGradient(weights, gradient, first, given, hiddenGradient, undefined);
    },
  };
}

/**
 * Random weights of a size that neither grows nor dies from layer to layer (He et al. 2015, arXiv:1502.01852). What adds
 * to the linear way begins with 0, so that an untrained network is what its direct weights say.
 */
export function randomiseHidden(network: ResidualNetwork, noise: () => number): void {
  const { inputs, width, blocks } = network.shape;
  let at = 0;
  const fill = (rows: number, columns: number, scale: number): void => {
    for (let row = 0; row < rows; row++, at++) {
      for (let column = 0; column < columns; column++, at++) network.weights[at] = scale * noise();
    }
  };
  fill(width, inputs, Math.sqrt(2 / inputs));
  for (let block = 0; block < blocks; block++) {
    fill(width, width, Math.sqrt(2 / width));
    at += width * (width + 1);
  }
}

function columnAt(columns: readonly Float64Array[], at: number): Float64Array {
  const column = columns[at];
  if (column === undefined) throw new RangeError(`expected one of ${columns.length} columns, got ${at}`);
  return column;
}

function addProduct(
  weights: Float64Array,
  { at, rows, columns }: Layer,
  input: Float64Array,
  sums: Float64Array,
): void {
  let place = at;
  for (let row = 0; row < rows; row++) {
    let sum = sums[row] ?? 0;
    for (let column = 0; column < columns; column++) sum += (weights[place++] ?? 0) * (input[column] ?? 0);
    sums[row] = sum + (weights[place++] ?? 0);
  }
}

function addGradient(
  weights: Float64Array,
  gradient: Float64Array,
  { at, rows, columns }: Layer,
  input: Float64Array,
  outputGradient: Float64Array,
  inputGradient: Float64Array | undefined,
): void {
  for (let row = 0; row < rows; row++) {
    const slope = outputGradient[row] ?? 0;
    // Half of the rectified ones are.
    if (slope === 0) continue;
    let place = at + row * (columns + 1);
    if (inputGradient === undefined) {
      for (let column = 0; column < columns; column++, place++) {
        gradient[place] = (gradient[place] ?? 0) + slope * (input[column] ?? 0);
      }
    } else {
      for (let column = 0; column < columns; column++, place++) {
        gradient[place] = (gradient[place] ?? 0) + slope * (input[column] ?? 0);
        inputGradient[column] = (inputGradient[column] ?? 0) + slope * (weights[place] ?? 0);
      }
    }
    gradient[place] = (gradient[place] ?? 0) + slope;
  }
}

function rectify(values: Float64Array): void {
  for (let at = 0; at < values.length; at++) if ((values[at] ?? 0) < 0) values[at] = 0;
}

function stopWhereZero(gradient: Float64Array, rectified: Float64Array): void {
  for (let at = 0; at < gradient.length; at++) if (rectified[at] === 0) gradient[at] = 0;
}
